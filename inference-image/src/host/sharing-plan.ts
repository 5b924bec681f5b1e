import { version } from '../../../package.json';
import { type BatchingVerdict, obstacleText, type RowAxes, rowAxes } from '../contract/batching-verdict';
import type { ModelManifest } from '../contract/model-manifest';
import { DEFAULT_MAX_BATCH_SIZE, type Settings } from '../contract/settings';
import type { Signature, TensorSignature } from '../contract/signature';
import type { RowTolerance } from '../inference/row-comparison';

/** Reason that requests do not share runs. */
export interface SharingObstacle {
  readonly reason: string;
  /** How to remove the obstacle, if that is possible. */
  readonly remedy?: string;
}

/**
 * Whether requests may share runs, according to the settings and model.json. The trial at startup may still forbid it.
 */
export interface SharingPlan {
  /** Rows of the largest shared run; 1 if requests share no runs. */
  readonly maxBatchSize: number;
  /** Axes that count rows; undefined if requests share no runs. */
  readonly axes?: RowAxes;
  /** Whether a setting requests shared runs; false if they are only the default. */
  readonly isAsked: boolean;
  /** Reason that requests do not share runs; undefined if they may, or if a setting disables sharing. */
  readonly obstacle?: SharingObstacle;
  /** Reason that independence is not proved; set if a setting makes the server assume it. */
  readonly unproved?: string;
  /**
   * Difference that the trial at startup allows between a row's results in a batch and alone; undefined if there is no
   * trial.
   */
  readonly tolerance?: RowTolerance;
}

export function planSharing(settings: Settings, { contractVersion, signature, batching }: ModelManifest): SharingPlan {
  const { maxBatchSize = DEFAULT_MAX_BATCH_SIZE, rowIndependence } = settings;
  const isAsked = settings.maxBatchSize !== undefined && maxBatchSize > 1;
  if (maxBatchSize === 1) return { maxBatchSize, isAsked };
  const proved = rowAxes(batching);
  if (proved) {
    const tolerance = rowIndependence === 'assume' ? undefined : rowIndependence === 'exact' ? 'none' : 'rounding';
    // The proof limits the sizes of axes, including the row axis.
    return { maxBatchSize: Math.min(maxBatchSize, proved.maxSize ?? Infinity), isAsked, axes: proved, tolerance };
  }
  if (rowIndependence !== 'assume')
    return { maxBatchSize: 1, isAsked, obstacle: obstacleOf(batching, contractVersion) };
  const reason = withoutFirstAxis(signature);
  if (reason !== undefined) return { maxBatchSize: 1, isAsked, obstacle: { reason } };
  const { reason: unproved } = obstacleOf(batching, contractVersion);
  return { maxBatchSize, isAsked, axes: firstAxes(signature), unproved };
}

function obstacleOf(verdict: BatchingVerdict | undefined, contractVersion: number): SharingObstacle {
  const reason = verdict && obstacleText(verdict);
  if (reason !== undefined) return { reason };
  return {
    reason: `model.json, with contractVersion ${contractVersion}, does not declare whether rows influence each other`,
    remedy: `rebuild the image with cdktf-model-serving ${version}`,
  };
}

/** Row axes of a model that is assumed to have its rows on axis 0 of every tensor. */
function firstAxes({ inputs, outputs }: Signature): RowAxes {
  return { inputAxes: inputs.map(() => 0), outputAxes: outputs.map(() => 0) };
}

/** Describes the first input or output whose first dimension cannot count rows. */
function withoutFirstAxis({ inputs, outputs }: Signature): string | undefined {
  const found = [
    ...inputs.map((tensor) => ({ tensor, side: 'input' })),
    ...outputs.map((tensor) => ({ tensor, side: 'output' })),
  ].map(({ tensor, side }) => {
    const reason = withoutRows(tensor);
    return reason && `${side} ${JSON.stringify(tensor.name)} ${reason}`;
  });
  return found.find((reason) => reason !== undefined);
}

function withoutRows({ dimensions: [first] }: TensorSignature): string | undefined {
  if (first === undefined) return 'is a scalar';
  return typeof first === 'number' ? `has a fixed first dimension, ${first}` : undefined;
}
