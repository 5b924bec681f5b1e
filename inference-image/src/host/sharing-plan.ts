import { version } from '../../../package.json';
import { obstacleText, type BatchingVerdict, type RowAxes } from '../contract/batching-verdict';
import type { ModelManifest } from '../contract/model-manifest';
import { rowAxes } from '../contract/row-axes';
import { DEFAULT_MAX_BATCH_SIZE, type Settings } from '../contract/settings';
import type { Signature, TensorSignature } from '../contract/signature';
import type { RowTolerance } from '../inference/row-comparison';

/** Why requests share no runs, in words. */
export interface SharingObstacle {
  readonly reason: string;
  /** What to do about it, where something can be done. */
  readonly remedy?: string;
}

/** Whether requests may share runs, by the settings and model.json; the trial at start can still end it. */
export interface SharingPlan {
  /** Rows of the largest run that requests share; 1 if they share none. */
  readonly maxBatchSize: number;
  /** Where rows are. Undefined where requests share no runs. */
  readonly axes?: RowAxes;
  /** Whether a setting asks for shared runs, rather than the default. */
  readonly isAsked: boolean;
  /** Undefined where requests may share runs, and where a setting says that they do not. */
  readonly obstacle?: SharingObstacle;
  /** How much rows may differ from their results alone, in the trial at start. Undefined where there is no trial. */
  readonly tolerance?: RowTolerance;
}

export function planSharing(settings: Settings, { contractVersion, signature, batching }: ModelManifest): SharingPlan {
  const { maxBatchSize = DEFAULT_MAX_BATCH_SIZE, rowIndependence } = settings;
  const isAsked = settings.maxBatchSize !== undefined && maxBatchSize > 1;
  if (maxBatchSize === 1) return { maxBatchSize, isAsked };
  const proved = rowAxes(batching);
  if (proved) {
    const tolerance = rowIndependence === 'assume' ? undefined : rowIndependence === 'exact' ? 'none' : 'rounding';
    return { maxBatchSize, isAsked, axes: proved, tolerance };
  }
  if (rowIndependence !== 'assume')
    return { maxBatchSize: 1, isAsked, obstacle: obstacleOf(batching, contractVersion) };
  const reason = withoutFirstAxis(signature);
  if (reason !== undefined) return { maxBatchSize: 1, isAsked, obstacle: { reason } };
  return { maxBatchSize, isAsked, axes: firstAxes(signature) };
}

function obstacleOf(verdict: BatchingVerdict | undefined, contractVersion: number): SharingObstacle {
  const reason = verdict && obstacleText(verdict);
  if (reason !== undefined) return { reason };
  return {
    reason: `model.json, of contractVersion ${contractVersion}, does not say whether rows influence each other`,
    remedy: `build the image again with cdktf-model-serving ${version}`,
  };
}

/** Axis 0 of everything, for a model that is assumed to have its rows there. */
function firstAxes({ inputs, outputs }: Signature): RowAxes {
  return { inputAxes: inputs.map(() => 0), outputAxes: outputs.map(() => 0) };
}

/** In words, the first input or output whose first dimension cannot count rows. */
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
