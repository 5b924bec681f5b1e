import type { NetworkPolicyV1SpecIngressFrom } from '@cdktf/provider-kubernetes/lib/network-policy-v1';

/** Who may connect, or be connected to; make one with {@link Peers}. */
export type Peer = NetworkPolicyV1SpecIngressFrom;

/** Factories of peers. @see https://kubernetes.io/docs/concepts/services-networking/network-policies */
export const Peers = {
  /** Every pod of the service's own namespace. */
  sameNamespace: (): Peer => ({ podSelector: {} }),

  /** Every pod of a namespace. */
  namespace: (name: string): Peer => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } }),

  /** Pods with these labels, in another namespace where one is given, else in the service's own. */
  pods: (labels: Readonly<Record<string, string>>, namespace?: string): Peer => ({
    ...(namespace !== undefined && Peers.namespace(namespace)),
    podSelector: { matchLabels: { ...labels } },
  }),

  /** Every pod of every namespace. */
  allNamespaces: (): Peer => ({ namespaceSelector: {} }),

  /** Addresses such as `10.0.0.0/8`, without those in `except`. */
  cidr: (cidr: string, except?: readonly string[]): Peer => ({ ipBlock: { cidr, except: except && [...except] } }),
};
