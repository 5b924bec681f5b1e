import type {
  NetworkPolicyV1Spec,
  NetworkPolicyV1SpecEgress,
  NetworkPolicyV1SpecIngress,
} from '@cdktf/provider-kubernetes/lib/network-policy-v1';
import { SETTING_DEFAULTS } from '../../inference-image/src/contract/settings';
import { type Peer, Peers } from './peers';

/** Where replicas may connect to. The server itself connects to nothing. */
export interface EgressRule {
  readonly to: Peer;
  /** TCP ports. @default - every one */
  readonly ports?: readonly number[];
}

/** Who may connect to replicas, and whom they may connect to. A cluster must enforce NetworkPolicies for it to hold. */
export interface NetworkOptions {
  /** Who may ask the model, over HTTP and gRPC. @default - every pod of the same namespace */
  readonly from?: readonly Peer[];
  /** Who may read metrics; with it come the annotations that Prometheus looks for. @default - nobody */
  readonly scrapers?: readonly Peer[];
  /** Where replicas may connect to. @default - nowhere */
  readonly egress?: readonly EgressRule[];
  /**
   * Whether replicas may ask for names (port 53, UDP and TCP).
   * @default - when there is an egress rule
   */
  readonly dns?: boolean;
}

/** The annotations that the usual Prometheus configuration looks for. */
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

/** A rule without peers would let everybody in. */
function ingress(from: readonly Peer[], ports: readonly number[]): NetworkPolicyV1SpecIngress[] {
  return from.length === 0 ? [] : [{ from: [...from], ports: ports.map(tcp) }];
}

function egressRule({ to, ports }: EgressRule): NetworkPolicyV1SpecEgress {
  return { to: [to], ports: ports?.map(tcp) };
}

/** Names are asked for over UDP, and over TCP where an answer is long. Where resolvers run differs between clusters. */
const NAME_RESOLUTION: NetworkPolicyV1SpecEgress = {
  ports: ['UDP', 'TCP'].map((protocol) => ({ port: '53', protocol })),
};

function tcp(port: number) {
  return { port: String(port), protocol: 'TCP' };
}
