import type {
  NetworkPolicyV1Spec,
  NetworkPolicyV1SpecEgress,
  NetworkPolicyV1SpecIngress,
} from '@cdktf/provider-kubernetes/lib/network-policy-v1';
import { SETTING_DEFAULTS } from '../../inference-image/src/contract/constants';
import { type Peer, Peers } from './peers';

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
