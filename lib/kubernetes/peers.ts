import type { NetworkPolicyV1SpecIngressFrom } from '@cdktf/provider-kubernetes/lib/network-policy-v1';

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
