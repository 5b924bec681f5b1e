import { isUtf8 } from 'node:buffer';
import { halfValue } from '../../../inference-image/src/contract/half';
import type { Datatype } from '../../../inference-image/src/contract/signature';
import { elementBytes, type NumpyArray, NumpyFault } from './npy';

/** NumPy's type code and dtype name for each datatype. */
const NUMPY: Readonly<Record<Exclude<Datatype, 'BYTES'>, readonly [type: string, dtype: string]>> = {
  // NumPy 1.24 to 1.26 has no np.bool.
  BOOL: ['b1', 'bool_'],
  UINT8: ['u1', 'uint8'],
  UINT16: ['u2', 'uint16'],
  UINT32: ['u4', 'uint32'],
  UINT64: ['u8', 'uint64'],
  INT8: ['i1', 'int8'],
  INT16: ['i2', 'int16'],
  INT32: ['i4', 'int32'],
  INT64: ['i8', 'int64'],
  FP16: ['f2', 'float16'],
  FP32: ['f4', 'float32'],
  FP64: ['f8', 'float64'],
};

/**
 * Encodes the elements of an array as in the binary tensor extension. Converts numbers to the input's datatype, because
 * NumPy saves float64 and int64 by default. The conversion may round floats, but refuses integers that do not fit.
 *
 * @throws NumpyFault
 */
export function elementsAs(datatype: Datatype, array: NumpyArray): Buffer {
  const { type, bytes } = array;
  const isText = /^[US]/.test(type);
  if (datatype === 'BYTES') {
    if (!isText) throw new NumpyFault(`its dtype is ${type}, but the input expects strings`, "Save x.astype('U')");
    return texts(array);
  }
  const [wanted, dtype] = NUMPY[datatype];
  if (type === wanted) return bytes;
  const converts = /^[fiu]/.test(type) && (/^f[48]/.test(wanted) || (/^[iu]/.test(wanted) && !type.startsWith('f')));
  if (!converts) {
    throw new NumpyFault(`its dtype is ${type}, but the input expects ${datatype}`, `Save x.astype(np.${dtype})`);
  }
  const converted = Buffer.alloc((bytes.length / elementBytes(type)) * elementBytes(wanted));
  const [read, write] = [READERS[type]!, WRITERS[wanted]!];
  for (let from = 0, to = 0; from < bytes.length; from += elementBytes(type), to += elementBytes(wanted)) {
    const value = read(bytes, from);
    try {
      write(converted, value, to);
    } catch {
      throw outOfRange(value, datatype);
    }
    if (wanted === 'f4' && !Number.isFinite(converted.readFloatLE(to)) && Number.isFinite(Number(value))) {
      throw outOfRange(value, datatype);
    }
  }
  return converted;
}

function outOfRange(value: number | bigint, datatype: Datatype): NumpyFault {
  return new NumpyFault(`its element ${value} does not fit in ${datatype}`, 'Save values that the input can hold');
}

type Read = (bytes: Buffer, at: number) => number | bigint;
type Write = (bytes: Buffer, value: number | bigint, at: number) => void;

const READERS: Readonly<Record<string, Read>> = {
  u1: (bytes, at) => bytes.readUInt8(at),
  u2: (bytes, at) => bytes.readUInt16LE(at),
  u4: (bytes, at) => bytes.readUInt32LE(at),
  u8: (bytes, at) => bytes.readBigUInt64LE(at),
  i1: (bytes, at) => bytes.readInt8(at),
  i2: (bytes, at) => bytes.readInt16LE(at),
  i4: (bytes, at) => bytes.readInt32LE(at),
  i8: (bytes, at) => bytes.readBigInt64LE(at),
  f2: (bytes, at) => halfValue(bytes.readUInt16LE(at)),
  f4: (bytes, at) => bytes.readFloatLE(at),
  f8: (bytes, at) => bytes.readDoubleLE(at),
};

/** Functions that write an element. They throw if an integer is out of range. */
const WRITERS: Readonly<Record<string, Write>> = {
  u1: (bytes, value, at) => bytes.writeUInt8(Number(value), at),
  u2: (bytes, value, at) => bytes.writeUInt16LE(Number(value), at),
  u4: (bytes, value, at) => bytes.writeUInt32LE(Number(value), at),
  u8: (bytes, value, at) => bytes.writeBigUInt64LE(BigInt(value), at),
  i1: (bytes, value, at) => bytes.writeInt8(Number(value), at),
  i2: (bytes, value, at) => bytes.writeInt16LE(Number(value), at),
  i4: (bytes, value, at) => bytes.writeInt32LE(Number(value), at),
  i8: (bytes, value, at) => bytes.writeBigInt64LE(BigInt(value), at),
  f4: (bytes, value, at) => bytes.writeFloatLE(Number(value), at),
  f8: (bytes, value, at) => bytes.writeDoubleLE(Number(value), at),
};

/** Encodes each string as its length in four bytes, followed by its bytes without NumPy's zero padding. */
function texts({ type, bytes }: NumpyArray): Buffer {
  const size = elementBytes(type);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const element = bytes.subarray(at, at + size);
    const text = type.startsWith('U') ? Buffer.from(utf32(element)) : utf8(element);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    parts.push(length, text);
  }
  return Buffer.concat(parts);
}

function utf8(bytes: Buffer): Buffer {
  if (!isUtf8(bytes))
    throw new NumpyFault(
      'it contains a string that is not UTF-8',
      "Save np.char.decode(x, 'latin-1') if that is its encoding",
    );
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.subarray(0, end);
}

function utf32(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4) {
    const code = bytes.readUInt32LE(at);
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
      throw new NumpyFault(
        `it contains a string with 0x${code.toString(16)}, which is not a Unicode character`,
        'Save strings of valid characters',
      );
    }
    text += String.fromCodePoint(code);
  }
  return text.replace(/\0+$/, '');
}
