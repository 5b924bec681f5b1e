import { isIP } from 'node:net';
import type { IngressV1Spec } from '@cdktf/provider-kubernetes/lib/ingress-v1';
import { Token, type TerraformProvider } from 'cdktf';
import type { Construct } from 'constructs';
import type { Problem } from '../base/errors';
import { any, objectOf, Problems, type PropKinds, required, text, texts } from '../terraform/props';
import { asText } from '../terraform/tokens';
import { Claims } from '../terraform/claims';
import { kubernetesErrors } from './errors';
import { isDnsName } from './names';
import { type Peer, peerProblems } from './network';

/** How a service is reached from outside its cluster. */
export interface IngressOptions {
  /** Host name, such as `digits.example.com`. */
  readonly host: string;
  /**
   * Peer of the ingress controller, such as `Peers.namespace('ingress-nginx')`. The network policy will allow
   * connections from it.
   */
  readonly from: Peer;
  /**
   * Prefix of the paths that are routed to this service; the prefix is not removed. With a prefix such as
   * `/v2/models/digits`, several models can share a host.
   * @default '/'
   */
  readonly path?: string;
  /** Serves https with the certificate in this Secret. @default - http */
  readonly tls?: { readonly secretName: string };
  /** Name of an IngressClass. @default - the cluster's default */
  readonly className?: string;
  /** Annotations for the controller. @default - none */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Types of the options, checked at run time for users without TypeScript. */
export const INGRESS_OPTIONS: PropKinds<IngressOptions> = {
  host: required(text),
  from: any,
  path: text,
  tls: objectOf<NonNullable<IngressOptions['tls']>>({ secretName: true }),
  className: text,
  annotations: texts,
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
 * Finds problems with the options.
 *
 * @param allowedHosts - host names that the server accepts; undefined for any
 */
export function ingressProblems(
  where: string,
  { host, path, from }: IngressOptions,
  allowedHosts: readonly string[] | undefined,
): Problem[] {
  const problems = new Problems();
  problems.add(...peerProblems(where, 'from', [from]));
  problems.check(host, isHost, (value) => kubernetesErrors.hostInvalid(where, value));
  problems.check(path, isPath, (value) => kubernetesErrors.pathInvalid(where, value));
  if (allowedHosts && !mayBeAllowed(host, allowedHosts)) {
    problems.add(kubernetesErrors.hostNotAllowed(where, host, allowedHosts));
  }
  return problems.list;
}

/** Whether the server accepts a host, as far as is known at synth. For a wildcard host, one matching name is enough. */
function mayBeAllowed(host: string, allowed: readonly string[]): boolean {
  if (Token.isUnresolved(allowed) || [host, ...allowed].some(Token.isUnresolved)) return true;
  const names = allowed.map((name) => name.toLowerCase());
  return host.startsWith('*.') ? names.some((name) => name.endsWith(host.slice(1))) : names.includes(host);
}

const routes = new Claims<string>((one, other) => one === other);

/**
 * Claims the route of a service. Returns a problem if another service has the same route, because an ingress controller
 * would send all requests to only one of them. Ingresses of different classes have different controllers.
 */
export function claimRoute(owner: Construct, options: IngressOptions, provider?: TerraformProvider): Problem[] {
  const { host, path = '/', className = '' } = options;
  if ([host, path].some(Token.isUnresolved)) return [];
  // As prefixes, /v2 and /v2/ are the same path.
  const other = routes.claim(owner, provider, [className, host, path.replace(/\/$/, '')].join('\n'));
  return other ? [kubernetesErrors.routeTaken(owner.node.path, host, path, other.owner)] : [];
}

/** @see https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/networking/validation/validation.go */
function isPath(text: string): boolean {
  return text.startsWith('/') && !/\/\/|\/\.\.?(?:\/|$)|%2f/i.test(text);
}

/** Whether this is a DNS name, whose first label may be `*`. Kubernetes rejects IP addresses. */
function isHost(text: string): boolean {
  return isIP(text) === 0 && isDnsName(text.replace(/^\*\./, ''));
}
