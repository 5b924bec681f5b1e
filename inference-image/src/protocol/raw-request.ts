import type { Holding } from '../budget/holding';
import { elementCount, type TensorSignature, wireShape } from '../contract/signature';
import { quoted } from '../base/cut-text';
import { invalid } from '../base/errors';
import { checkTexts } from '../tensor/input-checks';
import { countElements, readBinaryData } from './binary-data';
import type { PackedRequest } from './packed-request';

/**
 * Reads requests whose body contains only the bytes of one tensor, for models with one input, of which at most one
 * dimension is not fixed. All outputs are returned as binary data.
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md#raw-binary-request
 */
export class RawRequests {
  constructor(
    private readonly inputs: readonly TensorSignature[],
    private readonly outputs: readonly TensorSignature[],
  ) {}

  decode(body: Buffer, holding?: Holding): PackedRequest {
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
          `the body has ${body.length} bytes, which is not a possible size of input ${quoted(name)}, ${datatype} of shape [${shape}]`,
        );
      }
      shape[free] = size;
    }
    checkTexts([{ name, datatype, shape }]);
    const data = readBinaryData({ name, datatype, shape }, body, holding);
    return {
      inputs: [{ name, datatype, shape, data }],
      outputs: this.outputs.map((output) => output.name),
      binary: this.outputs.map(() => true),
    };
  }
}
