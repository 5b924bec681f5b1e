import { Token } from 'cdktf';
import type { Problem } from '../base/errors';
import { kubernetesErrors } from './errors';
import type { EgressRule } from './network';
import type { Peer } from './peers';

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
