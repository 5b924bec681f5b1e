import { version } from '../../../package.json';
import { quoted } from '../base/cut-text';
import { invalid, ServingError } from '../base/errors';
import type { BatchingVerdict, RowAxes } from '../contract/batching-verdict';
import type { ModelManifest } from '../contract/model-manifest';
import { type TensorSignature, wireShape } from '../contract/signature';

/** https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md#server-metadata */
export const SERVER_METADATA = {
  name: 'cdktf-model-serving',
  version,
  extensions: ['binary_tensor_data', 'model_configuration', 'model_repository', 'schedule_policy', 'statistics'],
} as const;

export const MODEL_PLATFORM = 'onnxruntime_onnx';

/** https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md#model-metadata */
export function modelMetadata(model: ModelManifest) {
  return {
    name: model.name,
    versions: [model.version],
    platform: MODEL_PLATFORM,
    inputs: model.signature.inputs.map(tensorMetadata),
    outputs: model.signature.outputs.map(tensorMetadata),
    // This field is an extension of the protocol. Clients ignore unknown fields.
    ...(model.properties && { properties: model.properties }),
  };
}

function tensorMetadata(tensor: TensorSignature) {
  return { name: tensor.name, datatype: tensor.datatype, shape: wireShape(tensor) };
}

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

export interface Readiness {
  readonly ready: boolean;
  /** Reason that the model is not served; undefined if it has not failed. */
  readonly failure: string | undefined;
}

/**
 * Index of this server's only model.
 * @param readyOnly Whether to omit the model if it is not ready.
 * @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_repository.md#index
 */
export function repositoryIndex({ name, version }: ModelManifest, { ready, failure }: Readiness, readyOnly: boolean) {
  if (ready) return [{ name, version, state: 'READY', reason: '' }];
  const reason = failure ?? 'the server is starting or shutting down';
  return readyOnly ? [] : [{ name, version, state: 'UNAVAILABLE', reason }];
}

/** Creates the error for a request to load or unload the model. */
export function repositoryIsFixed(action: 'load' | 'unload', { name }: ModelManifest): ServingError {
  return invalid(
    `cannot ${action} model ${quoted(name)}: this server serves only the model in its image;` +
      ' to serve a different model, deploy its image',
  );
}

/** Throws unless a request names the served model and, if given, its version. */
export function checkRequestedModel(
  { name, version }: ModelManifest,
  requestedName: string,
  requestedVersion?: string,
): void {
  if (requestedName !== name) {
    throw new ServingError('notFound', `unknown model ${quoted(requestedName)}; this server has "${name}"`);
  }
  if (requestedVersion !== undefined && requestedVersion !== version) {
    const known = `model "${name}" has version "${version}"`;
    throw new ServingError('notFound', `unknown version ${quoted(requestedVersion)}; ${known}`);
  }
}
