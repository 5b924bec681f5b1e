import { elementCount, type TensorSignature, wireShape } from '../contract/signature';
import { invalid } from '../errors';
import { countElements, decodeBinaryData } from './binary-data';
import type { InferRequest } from './infer-request';

/**
 * Requests whose body is the bytes of one tensor and nothing else, for a model with one input and at most one dimension
 * that is not fixed. All outputs are answered as binary data.
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md#raw-binary-request
 */
export class RawRequests {
  constructor(
    private readonly inputs: readonly TensorSignature[],
    private readonly outputs: readonly TensorSignature[],
  ) {}

  decode(body: Buffer): InferRequest {
    const [input] = this.inputs;
    const shape = input ? wireShape(input) : [];
    const free = shape.indexOf(-1);
    if (!input || this.inputs.length > 1 || free !== shape.lastIndexOf(-1)) {
      throw invalid('a request without JSON needs a model with one input and at most one dimension that is not fixed');
    }
    const { name, datatype } = input;
    if (free >= 0) {
      const size = countElements(datatype, body) / elementCount(shape.toSpliced(free, 1));
      if (!Number.isSafeInteger(size)) {
        throw invalid(
          `${body.length} bytes do not fill input ${JSON.stringify(name)}, ${datatype} of shape [${shape}]`,
        );
      }
      shape[free] = size;
    }
    const data = decodeBinaryData({ name, datatype, shape }, body);
    return {
      inputs: [{ name, datatype, shape, data }],
      outputs: this.outputs.map((output) => output.name),
      binary: this.outputs.map(() => true),
    };
  }
}
