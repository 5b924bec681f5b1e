import { batchDimension } from './contract/batch-dimension';
import { DEFAULT_MAX_BATCH_SIZE, type Settings } from './contract/settings';
import type { Signature } from './contract/signature';

/** What the settings and the model's signature say of sharing runs; the model itself has the last word. */
export interface BatchingPlan {
  /** Rows of the largest batch; 1 if requests share no runs. */
  readonly maxBatchSize: number;
  /** Whether a setting asks for batches, rather than the default. */
  readonly isAsked: boolean;
  /** Why there are none. */
  readonly obstacle?: string;
  /** Whether the model must show that rows of a batch do not change each other, or is taken at its word. */
  readonly rowIndependence: Settings['rowIndependence'];
}

export function planBatching({ maxBatchSize, rowIndependence }: Settings, signature: Signature): BatchingPlan {
  const isAsked = maxBatchSize !== undefined && maxBatchSize > 1;
  if (maxBatchSize === 1) return { maxBatchSize, isAsked, rowIndependence };
  const dimension = batchDimension(signature);
  if ('obstacle' in dimension) return { maxBatchSize: 1, isAsked, rowIndependence, obstacle: dimension.obstacle };
  return { maxBatchSize: maxBatchSize ?? DEFAULT_MAX_BATCH_SIZE, isAsked, rowIndependence };
}
