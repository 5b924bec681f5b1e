import type { BatchingVerdict, RowAxes } from '../contract/batching-verdict';
import type { ModelManifest } from '../contract/model-manifest';
import { wireShape, type TensorSignature } from '../contract/signature';
import { MODEL_PLATFORM } from './metadata';

/** Settings of the model's runs that clients may want to know. */
export interface ModelTuning {
  readonly executors: number;
  /** Limit on the rows of a shared run; 1 if requests do not share runs. */
  readonly maxBatchSize: number;
  /** Axes that count the rows of shared runs. */
  readonly axes?: RowAxes;
  readonly maxBatchDelaySeconds: number;
}

/**
 * A model's configuration as Triton's ModelConfig, which perf_analyzer requests.
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_configuration.md
 */
export function modelConfig({ name, signature, batching }: ModelManifest, tuning: ModelTuning) {
  // Triton can describe rows only on the first axis.
  const isBatched = tuning.maxBatchSize > 1 && tuning.axes !== undefined && areFirst(tuning.axes);
  const tensorConfig = (tensor: TensorSignature) => ({
    name: tensor.name,
    data_type: `TYPE_${tensor.datatype === 'BYTES' ? 'STRING' : tensor.datatype}`,
    // With batching, Triton's dims omit the batch dimension:
    // https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#maximum-batch-size
    dims: wireShape(tensor).slice(isBatched ? 1 : 0),
  });
  return {
    name,
    platform: MODEL_PLATFORM,
    backend: 'onnxruntime',
    max_batch_size: isBatched ? tuning.maxBatchSize : 0,
    input: signature.inputs.map(tensorConfig),
    output: signature.outputs.map(tensorConfig),
    instance_group: [{ name, kind: 'KIND_CPU', count: tuning.executors }],
    ...(isBatched && {
      dynamic_batching: { max_queue_delay_microseconds: Math.round(tuning.maxBatchDelaySeconds * 1e6) },
    }),
    parameters: parametersOf({ ...verdictTexts(batching), max_shared_rows: String(tuning.maxBatchSize) }),
  };
}

function areFirst({ inputAxes, outputAxes }: RowAxes): boolean {
  return [...inputAxes, ...outputAxes].every((axis) => axis === 0);
}

/** The verdict about rows, and the node at which its proof failed, if any. */
function verdictTexts(batching: BatchingVerdict | undefined): Record<string, string> {
  if (!batching) return { row_independence: 'unknown' };
  const { verdict } = batching;
  if (verdict === 'independent') return { row_independence: verdict };
  if (verdict === 'fixed') return { row_independence: verdict, row_independence_reason: batching.reason };
  const { node, operator, reason } = batching;
  return {
    row_independence: verdict,
    row_independence_node: node,
    row_independence_operator: operator,
    row_independence_reason: reason,
  };
}

function parametersOf(texts: Record<string, string>): Record<string, { string_value: string }> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, { string_value: text }]));
}
