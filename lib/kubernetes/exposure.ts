import { isIP } from 'node:net';
import type { IngressV1Spec } from '@cdktf/provider-kubernetes/lib/ingress-v1';
import { Token, type TerraformProvider } from 'cdktf';
import type { Construct } from 'constructs';
import type { Problem } from '../errors';
import { Problems } from '../problems';
import { any, object, type PropKinds, required, text } from '../props';
import { asText } from '../tokens';
import { Claims } from '../workload/claims';
import { kubernetesErrors } from './errors';
import { isDnsName } from './names';
import { peerProblems } from './peer-problems';
import type { Peer } from './peers';

/** How a service is reached from outside its cluster. */
export interface IngressOptions {
  /** Such as `digits.example.com`. */
  readonly host: string;
  /** Where the ingress controller runs, such as `Peers.namespace('ingress-nginx')`: it must be let in. */
  readonly from: Peer;
  /**
   * Paths that begin with this one come here, and arrive as they are: `/v2/models/digits` shares a host between models.
   * @default '/'
   */
  readonly path?: string;
  /** Serve https with the certificate in this Secret. @default - http */
  readonly tls?: { readonly secretName: string };
  /** Name of an IngressClass. @default - the cluster's default */
  readonly className?: string;
  /** For the controller. @default - none */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What callers without a compiler may give. */
export const INGRESS_OPTIONS: PropKinds<IngressOptions> = {
  host: required(text),
  from: any,
  path: text,
  tls: object,
  className: text,
  annotations: object,
};

export function ingressSpec(serviceName: string, options: IngressOptions): IngressV1Spec {
  const { host, path = '/', tls, className } = options;
  return {
    ingressClassName: className,
    rule: [
      {
        host,
        http: {
          path: [{ path, pathType: 'Prefix', backend: { service: { name: serviceName, port: { name: 'http' } } } }],
        },
      },
    ],
    tls: tls && [{ hosts: [host], secretName: tls.secretName }],
  };
}

export function externalUrl({ host, path = '/', tls }: IngressOptions): string {
  return `${tls ? 'https' : 'http'}://${asText(host)}${asText(path).replace(/\/$/, '')}`;
}

/**
 * Everything that is wrong with the options.
 *
 * @param allowedHosts - that the server takes requests for; undefined for any
 */
export function ingressProblems(
  where: string,
  { host, path, from }: IngressOptions,
  allowedHosts: readonly string[] | undefined,
): Problem[] {
  const problems = new Problems();
  problems.add(...peerProblems(where, 'from', [from]));
  problems.check(host, isHost, (value) => kubernetesErrors.hostInvalid(where, value));
  problems.check(
    path,
    (value) => value.startsWith('/'),
    (value) => kubernetesErrors.pathInvalid(where, value),
  );
  if (allowedHosts && !mayBeAllowed(host, allowedHosts)) {
    problems.add(kubernetesErrors.hostNotAllowed(where, host, allowedHosts));
  }
  return problems.list;
}

/** Whether requests for a host are served, as far as the plan knows. Of a wildcard, the stack may list each name. */
function mayBeAllowed(host: string, allowed: readonly string[]): boolean {
  if (Token.isUnresolved(allowed) || [host, ...allowed].some(Token.isUnresolved)) return true;
  const names = allowed.map((name) => name.toLowerCase());
  return host.startsWith('*.') ? names.some((name) => name.endsWith(host.slice(1))) : names.includes(host);
}

const routes = new Claims<string>((one, other) => one === other);

/**
 * Notes where a service is exposed, and reports another service that is exposed there: an ingress controller would send
 * all requests to one of them. Ingresses of different classes have different controllers.
 */
export function claimRoute(owner: Construct, options: IngressOptions, provider?: TerraformProvider): Problem[] {
  const { host, path = '/', className = '' } = options;
  if ([host, path].some(Token.isUnresolved)) return [];
  // As prefixes /v2 and /v2/ are one path.
  const other = routes.claim(owner, provider, [className, host, path.replace(/\/$/, '')].join('\n'));
  return other ? [kubernetesErrors.routeTaken(owner.node.path, host, path, other.owner)] : [];
}

/** A DNS name, whose first part may be `*`. Kubernetes refuses addresses. */
function isHost(text: string): boolean {
  return isIP(text) === 0 && isDnsName(text.replace(/^\*\./, ''));
}
