import { version } from '../../../package.json';
import type { ModelManifest } from '../contract/model-manifest';
import { wireShape, type TensorSignature } from '../contract/signature';

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
