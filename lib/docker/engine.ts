import type { DockerProvider } from '@cdktf/provider-docker/lib/provider';
import { type TerraformProvider, TerraformStack, Token } from 'cdktf';
import type { Construct } from 'constructs';
import { isIPv6 } from 'node:net';
import type { Problem } from '../base/errors';
import { canonicalAddress, isLoopback } from '../base/local-hosts';
import { Claims } from '../terraform/claims';
import { dockerErrors, type HostPort } from './errors';

/** Whether two ports conflict, so that they cannot both be published. */
export function conflict(one: HostPort, other: HostPort): boolean {
  return one.port === other.port && overlap(canonicalAddress(one.address), canonicalAddress(other.address));
}

/** Addresses that stand for all addresses of their family. Docker uses `::` for IPv6 only. */
export const WILDCARDS = ['0.0.0.0', '::'];

function overlap(one: string, other: string): boolean {
  if (one === other) return true;
  return isIPv6(one) === isIPv6(other) && [one, other].some((address) => WILDCARDS.includes(address));
}

/** Default Docker provider of a construct; undefined until the stack declares one. */
export function defaultDockerProvider(construct: Construct): TerraformProvider | undefined {
  const providers = TerraformStack.of(construct).allProviders();
  return providers.find(({ terraformResourceType, alias }) => terraformResourceType === 'docker' && !alias);
}

/** Finds problems with the host of a provider's engine. Call this function once the stack is complete. */
export function engineHostProblems(where: string, provider: TerraformProvider | undefined): Problem[] {
  const { host, context } = (provider ?? {}) as Partial<DockerProvider>;
  // With a Docker context, the host comes from the context.
  if (!host || context !== undefined || Token.isUnresolved(host) || /^[a-z]+:\/\//i.test(host)) return [];
  return [dockerErrors.engineHostInvalid(where, host)];
}

/**
 * Host name of a provider's engine, in URL form, if the engine runs on a machine other than Terraform's. Undefined if
 * the host is unknown: it is a Terraform token, or it is set by the environment or a Docker context, which differ
 * between machines.
 */
export function remoteEngineHost(provider: TerraformProvider | undefined): string | undefined {
  const { host, context } = (provider ?? {}) as Partial<DockerProvider>;
  if (host === undefined || context !== undefined || Token.isUnresolved(host) || !URL.canParse(host)) return undefined;
  const { protocol, hostname } = new URL(host);
  // Other schemes are those of local sockets and pipes.
  if (!['ssh:', 'tcp:', 'http:', 'https:'].includes(protocol)) return undefined;
  const address = hostname.replace(/^\[|\]$/g, '');
  return address === '' || isLoopback(address) || WILDCARDS.includes(address) ? undefined : hostname;
}

/** Host name or address for the URL of a port that an engine publishes. */
export function publishedHost(bindAddress: string, engineHost: string | undefined): string {
  const address = canonicalAddress(bindAddress);
  // A port on all addresses can be reached at the engine's host name or, on this machine, at the loopback address.
  if (WILDCARDS.includes(address)) return engineHost ?? (address === '::' ? '[::1]' : '127.0.0.1');
  return bindAddress.includes(':') ? `[${bindAddress}]` : bindAddress;
}

/** Adds the engine's host to a URL with a loopback address, if the engine runs on a different machine. */
export function withEngine(url: string, bindAddress: string, engineHost: string | undefined): string {
  return engineHost && isLoopback(bindAddress) ? `${url} (loopback of ${engineHost})` : url;
}

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
