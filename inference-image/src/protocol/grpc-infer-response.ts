import type { ModelManifest } from '../contract/model-manifest';
import type { Tensor } from '../inference/tensor';
import { encodeBinaryData } from './binary-data';
import type { InferRequest } from './infer-request';

/**
 * ModelInferResponse, as protobufjs writes it. Always raw, however the inputs came: it is the one form that all clients
 * read.
 */
export function inferResponseMessage(
  { name, version }: ModelManifest,
  { id }: Pick<InferRequest, 'id'>,
  outputs: readonly Tensor[],
) {
  return {
    model_name: name,
    model_version: version,
    id,
    outputs: outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
    raw_output_contents: outputs.map(encodeBinaryData),
  };
}
