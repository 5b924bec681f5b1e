import type {
  NetworkPolicyV1Spec,
  NetworkPolicyV1SpecEgress,
  NetworkPolicyV1SpecIngress,
  NetworkPolicyV1SpecIngressFrom,
} from '@cdktf/provider-kubernetes/lib/network-policy-v1';
import { Token } from 'cdktf';
import { SETTING_DEFAULTS } from '../../inference-image/src/contract/constants';
import type { Problem } from '../base/errors';
import { kubernetesErrors } from './errors';

/** A peer of network connections. Create one with {@link Peers}. */
export type Peer = NetworkPolicyV1SpecIngressFrom;

/** Creates peers. @see https://kubernetes.io/docs/concepts/services-networking/network-policies */
export const Peers = {
  /** All pods of the service's own namespace. */
  sameNamespace: (): Peer => ({ podSelector: {} }),

  /** All pods of a namespace. */
  namespace: (name: string): Peer => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } }),

  /** Pods with these labels, in the given namespace or in the service's own. */
  pods: (labels: Readonly<Record<string, string>>, namespace?: string): Peer => ({
    ...(namespace !== undefined && Peers.namespace(namespace)),
    podSelector: { matchLabels: { ...labels } },
  }),

  /** All pods of all namespaces. */
  allNamespaces: (): Peer => ({ namespaceSelector: {} }),

  /** All addresses in a range such as `10.0.0.0/8`, without the ranges in `except`. */
  cidr: (cidr: string, except?: readonly string[]): Peer => ({ ipBlock: { cidr, except: except && [...except] } }),
};

const FIELDS = ['podSelector', 'namespaceSelector', 'ipBlock'] as const;

/** Finds problems with egress rules and their peers. */
export function egressProblems(where: string, prop: string, rules: unknown): Problem[] {
  if (!Array.isArray(rules)) return [kubernetesErrors.peersNotListed(where, prop, rules, 'rules')];
  return peerProblems(
    where,
    prop,
    rules.map((rule: EgressRule | null | undefined) => rule?.to),
  );
}

/**
 * Finds peers that TypeScript would reject. To Kubernetes, a selector without labels matches everyone, and the provider
 * treats an empty peer in the same way.
 */
export function peerProblems(where: string, prop: string, peers: unknown): Problem[] {
  if (!Array.isArray(peers)) return [kubernetesErrors.peersNotListed(where, prop, peers, 'peers')];
  return peers
    .filter((peer) => !Token.isUnresolved(peer) && !isPeer(peer))
    .map((peer) => kubernetesErrors.peerInvalid(where, prop, peer));
}

function isPeer(peer: unknown): peer is Peer {
  if (typeof peer !== 'object' || peer === null) return false;
  const { podSelector, namespaceSelector, ipBlock } = peer as Peer;
  const hasField = FIELDS.some((field) => (peer as Peer)[field] !== undefined);
  const labels = [podSelector, namespaceSelector].flatMap((selector) => Object.values(selector?.matchLabels ?? {}));
  return hasField && labels.every(isText) && (ipBlock === undefined || isText(ipBlock.cidr));
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

/** A destination that replicas may connect to. The server itself opens no connections. */
export interface EgressRule {
  readonly to: Peer;
  /** TCP ports. @default - all */
  readonly ports?: readonly number[];
}

/** Allowed connections to and from replicas. The cluster must enforce NetworkPolicies for this to take effect. */
export interface NetworkOptions {
  /** Peers that may send requests over HTTP and gRPC. @default - all pods of the same namespace */
  readonly from?: readonly Peer[];
  /**
   * Peers that may read metrics. If any are set, pods get the annotations that Prometheus looks for.
   * @default - nobody
   */
  readonly scrapers?: readonly Peer[];
  /** Destinations that replicas may connect to. @default - none */
  readonly egress?: readonly EgressRule[];
  /**
   * Whether replicas may query DNS (port 53, UDP and TCP).
   * @default - true if there is an egress rule
   */
  readonly dns?: boolean;
}

/** Annotations that the usual Prometheus configuration looks for. */
export function scrapeAnnotations({ scrapers = [] }: NetworkOptions): Record<string, string> {
  if (scrapers.length === 0) return {};
  return {
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': String(SETTING_DEFAULTS.metricsPortNumber),
    'prometheus.io/path': '/metrics',
  };
}

export function networkPolicySpec(
  selector: Readonly<Record<string, string>>,
  { from = [Peers.sameNamespace()], scrapers = [], egress = [], dns }: NetworkOptions,
): NetworkPolicyV1Spec {
  // A rule with an empty list of ports would open every port.
  const open = egress.filter(({ ports }) => ports?.length !== 0);
  return {
    podSelector: { matchLabels: { ...selector } },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [
      ...ingress(from, [SETTING_DEFAULTS.httpPortNumber, SETTING_DEFAULTS.grpcPortNumber]),
      ...ingress(scrapers, [SETTING_DEFAULTS.metricsPortNumber]),
    ],
    egress: [...open.map(egressRule), ...((dns ?? open.length > 0) ? [NAME_RESOLUTION] : [])],
  };
}

/** Rule that lets peers connect to ports. There is no rule without peers, because it would allow everyone. */
function ingress(from: readonly Peer[], ports: readonly number[]): NetworkPolicyV1SpecIngress[] {
  return from.length === 0 ? [] : [{ from: [...from], ports: ports.map(tcp) }];
}

function egressRule({ to, ports }: EgressRule): NetworkPolicyV1SpecEgress {
  return { to: [to], ports: ports?.map(tcp) };
}

/**
 * Egress rule for DNS, which uses UDP, and TCP for long answers. All addresses are allowed, because resolvers differ
 * between clusters.
 */
const NAME_RESOLUTION: NetworkPolicyV1SpecEgress = {
  ports: ['UDP', 'TCP'].map((protocol) => ({ port: '53', protocol })),
};

function tcp(port: number) {
  return { port: String(port), protocol: 'TCP' };
}
