import { NUMERIC_ARRAYS, type NumericArray, type Tensor, type TensorData, type TensorSpec } from './tensors';

/**
 * Encodes the elements of a tensor as JSON. Numbers that JSON cannot represent become strings, as in the server's
 * answers.
 */
export function encodeJsonData({ spec: { datatype }, data }: Tensor): string {
  if (datatype === 'BYTES' || datatype === 'BOOL') return JSON.stringify(data);
  if (datatype === 'FP32' || datatype === 'FP64') return `[${Array.from(data as Float64Array, floatText).join(',')}]`;
  return `[${(data as NumericArray).join(',')}]`;
}

function floatText(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Decodes the elements of a tensor from the result of `parseJson`; undefined if they do not match the datatype. */
export function decodeJsonData({ datatype }: TensorSpec, data: readonly unknown[]): TensorData | undefined {
  if (datatype === 'BOOL') return data.every((value) => typeof value === 'boolean') ? (data as boolean[]) : undefined;
  if (datatype === 'BYTES') return data.every((value) => typeof value === 'string') ? (data as string[]) : undefined;
  if (!data.every((value) => typeof value === 'number' || typeof value === 'string')) return undefined;
  const array = new NUMERIC_ARRAYS[datatype](data.length);
  const elements: Record<number, unknown> = array;
  const toElement = datatype === 'INT64' || datatype === 'UINT64' ? BigInt : Number;
  try {
    for (let i = 0; i < data.length; i++) elements[i] = toElement(data[i] as number | string);
  } catch {
    return undefined;
  }
  return array;
}

const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Parses JSON. Integers with 16 or more digits become strings, because a double may not represent them exactly. */
export function parseJson(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  return JSON.parse(text.replace(STRING_OR_NUMBER, (token) => (/^-?\d{16,}$/.test(token) ? `"${token}"` : token)));
}
