import { Token, type TerraformProvider } from 'cdktf';
import type { Construct } from 'constructs';
import type { Problem } from '../errors';
import { Claims } from '../workload/claims';
import { kubernetesErrors } from './errors';

/** Kinds of which each construct has one, by which its other resources are named. */
type Kind = 'Deployment' | 'ConfigMap';

const claims = new Claims<string>((one, other) => one === other);

/** Notes the name of a construct's resource, and reports another construct's of the same kind and name. */
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
