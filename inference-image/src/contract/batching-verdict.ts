import type { z } from 'zod/mini';
import type { batchingVerdictSchema } from './schemas';

/**
 * Result of the proof of row independence from the graph; part of model.json.
 *
 * - `independent`: every output has exactly one row for each input row, in order, and no row influences another.
 * - `coupled`: rows influence each other at the named node, or an output does not have one row for each input row.
 * - `not understood`: the proof stopped at the named node.
 * - `fixed`: no input has a free axis that could count rows.
 */
export type BatchingVerdict = z.infer<typeof batchingVerdictSchema>;

/** Row axes of an independent model, and the maximum size of its other axes for which independence is proved. */
export type RowAxes = Pick<BatchingVerdict & { verdict: 'independent' }, 'inputAxes' | 'outputAxes' | 'maxSize'>;

/** Requests with an axis larger than this, other than the row axis, never share a run. */
export const MAX_SHARED_SIZE = 2 ** 28;

/** Reason why requests run one by one, as a clause for messages; undefined for an independent model. */
export function obstacleText(verdict: BatchingVerdict): string | undefined {
  switch (verdict.verdict) {
    case 'independent':
      return undefined;
    case 'coupled':
      return `node ${JSON.stringify(verdict.node)} (${verdict.operator}) ${verdict.reason}`;
    case 'not understood':
      return `it is not proved that rows are independent; the proof stops at node ${JSON.stringify(verdict.node)} (${verdict.operator}): ${verdict.reason}`;
    case 'fixed':
      return verdict.reason;
  }
}
