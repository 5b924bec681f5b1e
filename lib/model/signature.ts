import type { Datatype, Signature, TensorSignature } from '../../inference-image/src/contract/signature';
import { elementType } from '../onnx/element-types';
import type { OnnxGraph, ValueInfo } from './onnx-graph';

/** Inputs and outputs of a graph that has passed its checks. */
export function signatureOf({ inputs, outputs }: OnnxGraph): Signature {
  return { inputs: inputs.map(tensorSignature), outputs: outputs.map(tensorSignature) };
}

function tensorSignature({ name, elementType: code, dimensions }: ValueInfo): TensorSignature {
  return { name, datatype: elementType(code).datatype as Datatype, dimensions: [...(dimensions ?? [])] };
}
