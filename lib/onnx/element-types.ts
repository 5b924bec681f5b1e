import type { Datatype } from '../../inference-image/src/contract/signature';

/** An element type of ONNX tensors. */
export interface ElementType {
  readonly name: string;
  /** Size of one element; undefined for strings. */
  readonly bits?: number;
  /** Name in the Open Inference Protocol; undefined if onnxruntime-node does not support the type. */
  readonly datatype?: Datatype;
}

/** Element types by TensorProto.DataType: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
const ELEMENT_TYPES: Readonly<Record<number, ElementType>> = {
  1: { name: 'float32', bits: 32, datatype: 'FP32' },
  2: { name: 'uint8', bits: 8, datatype: 'UINT8' },
  3: { name: 'int8', bits: 8, datatype: 'INT8' },
  4: { name: 'uint16', bits: 16, datatype: 'UINT16' },
  5: { name: 'int16', bits: 16, datatype: 'INT16' },
  6: { name: 'int32', bits: 32, datatype: 'INT32' },
  7: { name: 'int64', bits: 64, datatype: 'INT64' },
  8: { name: 'string', datatype: 'BYTES' },
  9: { name: 'bool', bits: 8, datatype: 'BOOL' },
  10: { name: 'float16', bits: 16, datatype: 'FP16' },
  11: { name: 'float64', bits: 64, datatype: 'FP64' },
  12: { name: 'uint32', bits: 32, datatype: 'UINT32' },
  13: { name: 'uint64', bits: 64, datatype: 'UINT64' },
  14: { name: 'complex64', bits: 64 },
  15: { name: 'complex128', bits: 128 },
  16: { name: 'bfloat16', bits: 16 },
  17: { name: 'float8e4m3fn', bits: 8 },
  18: { name: 'float8e4m3fnuz', bits: 8 },
  19: { name: 'float8e5m2', bits: 8 },
  20: { name: 'float8e5m2fnuz', bits: 8 },
  21: { name: 'uint4', bits: 4 },
  22: { name: 'int4', bits: 4 },
  23: { name: 'float4e2m1', bits: 4 },
  24: { name: 'float8e8m0', bits: 8 },
  25: { name: 'uint2', bits: 2 },
  26: { name: 'int2', bits: 2 },
};

export function elementType(code: number): ElementType {
  return ELEMENT_TYPES[code] ?? { name: `code ${code}` };
}

/** Size of a tensor in bytes, with elements of fewer than 8 bits packed; undefined if the type has no fixed size. */
export function tensorBytes(elementCode: number, dims: readonly number[]): number | undefined {
  const { bits } = elementType(elementCode);
  if (bits === undefined) return undefined;
  return Math.ceil((dims.reduce((count, dim) => count * dim, 1) * bits) / 8);
}
