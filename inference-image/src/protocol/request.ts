import type { Run } from '../inference/executor';
import type { Tensor, TensorData, TensorHeader } from '../tensor/tensor';
import { inInput } from '../base/fields';
import { isPacked, unpackInSlices, unpackTexts, type PackedTexts } from '../tensor/packed-texts';
import type { Sliced } from '../base/sliced-work';

/** An inference request, in the form in which the model runs it. */
export interface InferRequest extends Run {
  /** Id that the response repeats. */
  readonly id?: string;
  /** For each of `outputs`, whether it is returned as binary data after the JSON. */
  readonly binary: readonly boolean[];
  /** Maximum time that the request may wait for its run. @default - no limit */
  readonly timeoutSeconds?: number;
  /** Time that the request has already waited to be decoded. @default 0 */
  readonly waitedSeconds?: number;
}

/** A tensor whose strings may still be packed. */
export type PackedTensor = TensorHeader & { readonly data: TensorData | PackedTexts };

/** A request whose strings may still be packed. */
export type PackedRequest = Omit<InferRequest, 'inputs'> & { readonly inputs: readonly PackedTensor[] };

/** Total bytes of the strings that are still packed. */
export function packedLength({ inputs }: PackedRequest): number {
  let length = 0;
  for (const { data } of inputs) if (isPacked(data)) length += data.packed.length;
  return length;
}

function hasPackedTexts({ inputs }: PackedRequest): boolean {
  for (const { data } of inputs) if (isPacked(data)) return true;
  return false;
}

/** Unpacks the strings of a request. */
export function unpackRequest(request: PackedRequest): InferRequest {
  const { inputs } = request;
  if (!hasPackedTexts(request)) return request as InferRequest;
  return {
    ...request,
    inputs: inputs.map((input) => (isPackedTensor(input) ? unpackTensor(input) : (input as Tensor))),
  };
}

/** Unpacks many strings in slices, so that the event loop stays free. */
export function* unpackRequestInSlices(request: PackedRequest): Sliced<InferRequest> {
  const inputs: Tensor[] = [];
  for (const input of request.inputs) {
    inputs.push(isPackedTensor(input) ? yield* unpackTensorInSlices(input) : (input as Tensor));
  }
  return { ...request, inputs };
}

type TextTensor = TensorHeader & { readonly data: PackedTexts };

function isPackedTensor(tensor: PackedTensor): tensor is TextTensor {
  return isPacked(tensor.data);
}

function unpackTensor({ name, datatype, shape, data }: TextTensor): Tensor {
  try {
    return { name, datatype, shape, data: unpackTexts(data) };
  } catch (error) {
    throw inInput(name, error);
  }
}

function* unpackTensorInSlices({ name, datatype, shape, data }: TextTensor): Sliced<Tensor> {
  try {
    return { name, datatype, shape, data: yield* unpackInSlices(data) };
  } catch (error) {
    throw inInput(name, error);
  }
}
