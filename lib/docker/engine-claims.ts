import { Token, type TerraformProvider } from 'cdktf';
import type { Construct } from 'constructs';
import type { Problem } from '../base/errors';
import { Claims } from '../terraform/claims';
import { dockerErrors } from './errors';
import { conflict, type HostPort } from './host-port';

const containerNames = new Claims<string>((one, other) => one === other);
const hostPorts = new Claims<HostPort>(conflict);

/**
 * Claims the name of a container. Returns a problem if another construct's container has this name on the same engine.
 */
export function claimContainerName(owner: Construct, name: string, provider?: TerraformProvider): Problem[] {
  if (Token.isUnresolved(name)) return [];
  const other = containerNames.claim(owner, provider, name);
  return other ? [dockerErrors.containerNameTaken(owner.node.path, name, other.owner)] : [];
}

/**
 * Claims the published ports of a container. Returns a problem for each conflict with a port of another construct's
 * container.
 */
export function claimHostPorts(
  owner: Construct,
  address: string,
  ports: Readonly<Record<string, number | undefined>>,
  provider?: TerraformProvider,
): Problem[] {
  return Object.entries(ports).flatMap(([prop, port]) => {
    if (port === undefined || [port, address].some(Token.isUnresolved)) return [];
    const claim = { prop, port, address };
    const other = hostPorts.claim(owner, provider, claim);
    return other ? [dockerErrors.portTaken(owner.node.path, claim, other.owner, other.value)] : [];
  });
}
