import type { SparseTensorMessage, TensorMessage } from '../../onnx/decoded-model';
import { Size } from './size';
import { BOOL, FLOAT, INT32, INT64, MAX_VALUES, type Tensor } from './tensor';

/** TensorProto.DataLocation.EXTERNAL */
const EXTERNAL = 1;

const UINT8 = 2;
const INT8 = 3;
const UINT16 = 4;
const INT16 = 5;
const DOUBLE = 11;
const UINT32 = 12;
const UINT64 = 13;

/** Maximum length of a list of floats to track. Longer lists are weights, which are not part of shape arithmetic. */
const MAX_FLOATS = 16;

/** Value of an initializer or a Constant, with its elements if they are few. */
export function constantTensor(message: TensorMessage): Tensor {
  const { dims, dataType: elem } = message;
  const count = dims.reduce((product, dim) => product * dim, 1);
  const known = dims.every((dim) => dim >= 0) && count <= MAX_VALUES ? elements(message, count) : undefined;
  return {
    kind: 'tensor',
    dims: dims.map((dim) => Size.of(dim)),
    elem,
    literal: true,
    ...(known && { values: known.map((value) => Size.of(value)) }),
  };
}

export function sparseConstant({ values, dims }: SparseTensorMessage): Tensor {
  return { kind: 'tensor', dims: dims.map((dim) => Size.of(dim)), elem: values?.dataType ?? 0 };
}

function elements(message: TensorMessage, count: number): readonly number[] | undefined {
  const { dataType, dataLocation, rawDataBytes } = message;
  if (dataLocation === EXTERNAL) return undefined;
  if ((dataType === FLOAT || dataType === DOUBLE) && count > MAX_FLOATS) return undefined;
  const found = rawDataBytes > 0 ? rawElements(message, count) : typedElements(message);
  return found?.length === count && found.every(Number.isFinite) ? found : undefined;
}

const READERS: Readonly<Record<number, { bytes: number; read: (view: DataView, at: number) => number }>> = {
  [FLOAT]: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  [UINT8]: { bytes: 1, read: (view, at) => view.getUint8(at) },
  [INT8]: { bytes: 1, read: (view, at) => view.getInt8(at) },
  [UINT16]: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  [INT16]: { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  [INT32]: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  // Integers beyond 2^53 are inexact and are only compared; exporters use them for "to the end".
  [INT64]: { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  // Kernels treat values other than 0 and 1 in different ways.
  [BOOL]: { bytes: 1, read: (view, at) => [0, 1][view.getUint8(at)] ?? NaN },
  [DOUBLE]: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  [UINT32]: { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  [UINT64]: { bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) },
};

function rawElements({ rawData, rawDataBytes, dataType }: TensorMessage, count: number): number[] | undefined {
  const reader = READERS[dataType];
  if (!reader || rawDataBytes !== rawData.length || rawData.length !== count * reader.bytes) return undefined;
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  return Array.from({ length: count }, (_, at) => reader.read(view, at * reader.bytes));
}

/**
 * Converts a list to the range of its type. The numbers in a list may exceed this range; the runtime then keeps their
 * lowest bits.
 */
const NARROWED: Readonly<Record<number, (list: readonly number[]) => Iterable<number>>> = {
  [UINT8]: (list) => Uint8Array.from(list),
  [INT8]: (list) => Int8Array.from(list),
  [UINT16]: (list) => Uint16Array.from(list),
  [INT16]: (list) => Int16Array.from(list),
  [INT32]: (list) => Int32Array.from(list),
  [UINT32]: (list) => list.map((value) => (Number.isSafeInteger(value) ? value % 2 ** 32 : NaN)),
};

function typedElements(message: TensorMessage): readonly number[] | undefined {
  const found = listOf(message);
  return found && [...(NARROWED[message.dataType]?.(found) ?? found)];
}

function listOf(message: TensorMessage): readonly number[] | undefined {
  switch (message.dataType) {
    case FLOAT:
      return message.floatData;
    case INT64:
      return message.int64Data;
    case DOUBLE:
      return message.doubleData;
    case UINT32:
    case UINT64:
      return message.uint64Data;
    case UINT8:
    case INT8:
    case UINT16:
    case INT16:
    case INT32:
      return message.int32Data;
    case BOOL:
      return message.int32Data.map((value) => (value === 0 ? 0 : 1));
    default:
      return undefined;
  }
}
