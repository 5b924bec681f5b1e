import { Token, type TerraformProvider } from 'cdktf';
import type { Construct } from 'constructs';
import type { Problem } from '../base/errors';
import { Claims } from '../terraform/claims';
import { kubernetesErrors } from './errors';

/**
 * Kinds of resources whose names are claimed. A construct has only one resource of its kind, and its other resources
 * have the same name.
 */
type Kind = 'Deployment' | 'ConfigMap';

const claims = new Claims<string>((one, other) => one === other);

/**
 * Claims the name of a construct's resource. Returns a problem if another construct has a resource of the same kind and
 * name.
 */
export function claimName(
  owner: Construct,
  kind: Kind,
  name: string,
  namespace: string,
  provider: TerraformProvider | undefined,
): Problem[] {
  if ([name, namespace].some(Token.isUnresolved)) return [];
  const other = claims.claim(owner, provider, [kind, namespace, name].join('\n'));
  return other ? [kubernetesErrors.nameTaken(owner.node.path, name, namespace, other.owner)] : [];
}
