import type { Holding } from '../budget/memory-budget';
import type { Signature } from '../contract/signature';
import { invalid } from '../base/errors';
import { InputChecks } from '../tensor/input-checks';
import type { Tensor, TensorData, TensorHeader } from '../tensor/tensor';
import { readBinaryData } from './binary-data';
import { inInput, parametersField } from '../base/fields';
import { readInferMessage, type InferMessage, type InputMessage } from './grpc-infer-message';
import type { InferRequest } from './request';
import { readHeader } from './infer-request';
import { isPacked, unpackInSlices } from '../tensor/packed-texts';
import { OutputReader, timeoutSeconds } from './request-parameters';
import type { Sliced } from '../base/sliced-work';
import { decodeTypedContents } from './typed-contents';
import { WireError } from './wire-format';

/**
 * Reads gRPC inference requests for one model, with the same checks and error messages as over HTTP. It creates no
 * protobuf objects. It first reads the structure, whose size the signature bounds, and then reads the elements of each
 * tensor directly into its array.
 */
export class GrpcInferRequestDecoder {
  private readonly checks: InputChecks;
  private readonly outputs: OutputReader;

  constructor(private readonly signature: Signature) {
    this.checks = new InputChecks(signature.inputs);
    this.outputs = new OutputReader(signature.outputs);
  }

  /** Reads the structure of a message. @param bytes A ModelInferRequest. */
  read(bytes: Buffer): InferMessage {
    try {
      return readInferMessage(bytes, this.signature);
    } catch (error) {
      throw wireFault(error);
    }
  }

  /**
   * Reads the tensors of a message.
   * @param holding Memory of the request. It already counts the message; the tensors are added.
   */
  *decode(message: InferMessage, holding: Holding): Sliced<InferRequest> {
    const { id, inputs, raw } = message;
    const headers = inputs.map(readHeader);
    this.checks.check(headers);
    if (raw.length > 0) checkRaw(message);
    const parameters = parametersField(message.parameters, 'parameters');
    const outputs = this.outputs.read(requestedOutputs(message), parameters);
    const timeout = timeoutSeconds(parameters);
    const tensors: Tensor[] = [];
    for (const [i, header] of headers.entries()) {
      const { name, datatype, shape } = header;
      tensors.push({ name, datatype, shape, data: yield* readData(header, message, i, holding) });
    }
    return { id, inputs: tensors, ...outputs, timeoutSeconds: timeout };
  }
}

/**
 * Requested outputs and parameters in the form of an HTTP request. Both are omitted if they are empty, as in most
 * requests.
 */
function requestedOutputs({ outputs, parameters }: InferMessage) {
  return outputs.length > 0 ? { outputs, parameters } : { parameters: isEmpty(parameters) ? undefined : parameters };
}

function isEmpty(fields: object): boolean {
  for (const _ in fields) return false;
  return true;
}

/**
 * Requires that either all inputs have raw elements or all inputs have typed elements:
 * https://github.com/triton-inference-server/server/issues/2937
 */
function checkRaw({ inputs, raw }: InferMessage): void {
  if (raw.length !== inputs.length) {
    throw invalid(`raw_input_contents has ${raw.length} buffers, but the request has ${inputs.length} inputs`);
  }
  const typed = inputs.find(({ contents }) => contents && contents.to > contents.from);
  if (typed) throw inInput(typed.name, 'it has contents, which cannot be combined with raw_input_contents');
}

function* readData(header: TensorHeader, message: InferMessage, index: number, holding: Holding): Sliced<TensorData> {
  const { bytes, raw } = message;
  const { parameters, contents } = message.inputs[index] as InputMessage;
  try {
    const { shared_memory_region: region } = parametersField(parameters, 'parameters');
    if (region !== undefined) throw invalid('shared memory is not supported');
    const range = raw[index];
    if (range) {
      const data = readBinaryData(header, bytes.subarray(range.from, range.to), holding);
      return isPacked(data) ? yield* unpackInSlices(data) : data;
    }
    if (contents) return yield* decodeTypedContents(header, { bytes, ...contents }, holding);
    throw invalid('it has no data');
  } catch (error) {
    if (error instanceof WireError) throw wireFault(error);
    throw inInput(header.name, error);
  }
}

function wireFault(error: unknown): unknown {
  if (!(error instanceof WireError)) return error;
  return invalid(`the message is not a valid inference.ModelInferRequest: ${error.message}`);
}
