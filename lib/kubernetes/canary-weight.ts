/** Number of canary replicas and the share of connections that they get. */
export interface CanaryShare {
  /** Number of canary replicas. */
  readonly replicas: number;
  /** The canary replicas as a percentage of all replicas. */
  readonly weight: number;
}

/**
 * Finds the number of canary replicas whose share is nearest to a weight in percent, given the number of stable
 * replicas.
 */
export function nearestShare(stableReplicas: number, weight: number): CanaryShare {
  const replicas = Math.max(1, Math.round((stableReplicas * weight) / (100 - weight)));
  const [fewer, more] = [replicas - 1, replicas + 1].map((count) => shareOf(stableReplicas, count));
  return [fewer!, more!]
    .filter((share) => share.replicas > 0)
    .reduce(
      (best, share) => (distance(share, weight) < distance(best, weight) ? share : best),
      shareOf(stableReplicas, replicas),
    );
}

/**
 * Finds the smallest number of stable replicas, at least `atLeast`, for which some number of canary replicas has a
 * share within `tolerance` percentage points of a weight.
 */
export function replicasFor(weight: number, tolerance: number, atLeast: number): number {
  let stable = atLeast;
  while (distance(nearestShare(stable, weight), weight) > tolerance) stable++;
  return stable;
}

export function distance({ weight: reached }: CanaryShare, weight: number): number {
  return Math.abs(reached - weight);
}

function shareOf(stable: number, replicas: number): CanaryShare {
  return { replicas, weight: (100 * replicas) / (stable + replicas) };
}
