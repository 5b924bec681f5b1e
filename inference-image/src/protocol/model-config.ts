import type { ModelManifest } from '../contract/model-manifest';
import { wireShape, type TensorSignature } from '../contract/signature';
import { MODEL_PLATFORM } from './metadata';

/** How the model is run, as far as a client may want to know. */
export interface ModelTuning {
  readonly executors: number;
  /** Rows that requests may share a run of; 1 where each request has a run of its own. */
  readonly maxBatchSize: number;
  readonly maxBatchDelaySeconds: number;
}

/**
 * A model's configuration in the words of Triton's ModelConfig, which perf_analyzer asks for.
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_configuration.md
 */
export function modelConfig({ name, signature }: ModelManifest, tuning: ModelTuning) {
  const isBatched = tuning.maxBatchSize > 1;
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
  };
}
