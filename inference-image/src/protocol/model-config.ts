import type { BatchingVerdict, RowAxes } from '../contract/batching-verdict';
import type { ModelManifest } from '../contract/model-manifest';
import { wireShape, type TensorSignature } from '../contract/signature';
import { MODEL_PLATFORM } from './metadata';

/** How the model is run, as far as a client may want to know. */
export interface ModelTuning {
  readonly executors: number;
  /** Rows that requests may share a run of; 1 where each request has a run of its own. */
  readonly maxBatchSize: number;
  /** Where the rows of shared runs are. */
  readonly axes?: RowAxes;
  readonly maxBatchDelaySeconds: number;
}

/**
 * A model's configuration in the words of Triton's ModelConfig, which perf_analyzer asks for.
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_configuration.md
 */
export function modelConfig({ name, signature, batching }: ModelManifest, tuning: ModelTuning) {
  // Triton has no word for rows on another axis.
  const isBatched = tuning.maxBatchSize > 1 && tuning.axes !== undefined && areFirst(tuning.axes);
  const tensorConfig = (tensor: TensorSignature) => ({
    name: tensor.name,
    data_type: `TYPE_${tensor.datatype === 'BYTES' ? 'STRING' : tensor.datatype}`,
    // Where batches are made, their dimension goes without saying:
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

/** What the plan has proved about rows, and where its proof met an obstacle. */
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
