/** An array as NumPy saves it: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
export interface NumpyArray {
  /** NumPy's code for the kind and size of an element, such as `f4`, `i8` or `U5`. */
  readonly type: string;
  readonly shape: readonly number[];
  /** Elements in row-major order, little-endian. */
  readonly bytes: Buffer;
}

/** A fault in an array, with the remedy: how to save the array. */
export class NumpyFault extends Error {
  constructor(
    fault: string,
    readonly remedy: string,
  ) {
    super(fault);
  }
}

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
const SAVE_AGAIN = 'Save it again with np.save or np.savez';

/** @throws NumpyFault */
export function readNumpy(file: Uint8Array): NumpyArray {
  const content = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (content.length < 12 || !content.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new NumpyFault('it is not a NumPy array', SAVE_AGAIN);
  }
  // The length of the header takes two bytes in version 1 and four bytes in later versions.
  const start = content[6] === 1 ? 10 : 12;
  const end = start + (content[6] === 1 ? content.readUInt16LE(8) : content.readUInt32LE(8));
  const header = content.toString('utf8', start, end);
  const [, order = '', type = ''] = /'descr': *'([<>|=]?)(\w+)'/.exec(header) ?? [];
  const shape = /'shape': *\(([\d, ]*)\)/.exec(header)?.[1]?.match(/\d+/g)?.map(Number) ?? [];
  if (!/^(?:b1|[iu][1248]|f[248]|[US]\d+)$/.test(type)) {
    throw new NumpyFault(
      `its dtype is ${/'descr': *(.*?), *'fortran/.exec(header)?.[1] ?? 'missing'}, which is not supported`,
      'Save numbers, booleans or strings of one dtype',
    );
  }
  if (/'fortran_order': *True/.test(header)) {
    throw new NumpyFault('its elements are in column-major order', 'Save np.ascontiguousarray(x)');
  }
  if (order === '>' && (type.startsWith('U') || elementBytes(type) > 1)) {
    throw new NumpyFault('its elements are big-endian', "Save x.astype(x.dtype.newbyteorder('<'))");
  }
  const bytes = content.subarray(end);
  const needed = shape.reduce((count, size) => count * size, 1) * elementBytes(type);
  if (bytes.length !== needed) {
    throw new NumpyFault(`it has ${bytes.length} bytes of elements, but its shape needs ${needed}`, SAVE_AGAIN);
  }
  return { type, shape, bytes };
}

/** Bytes of one element. A character of a `U` string takes four bytes. */
export function elementBytes(type: string): number {
  const size = Number(type.slice(1));
  return type.startsWith('U') ? 4 * size : size;
}
