import { elementCount } from '../contract/signature';
import { TYPED_ARRAY, type TensorHeader } from '../tensor/tensor';
import { ArrayReader } from './array-reader';
import { exactInteger } from './decimal';
import { afterSpace, endOfValue } from './json-bytes';
import { ELEMENT_TYPES } from './json-elements';

type LongDatatype = 'INT64' | 'UINT64';

const [SPACE, CLOSE, COMMA, MINUS, ZERO] = [0x20, 0x5d, 0x2c, 0x2d, 0x30];

/** Number of digits that a double can always represent exactly. */
const MAX_DIGITS = 15;
/** Number of digits of 18446744073709551615, the largest value. */
const MAX_LONG_DIGITS = 20;
const POWERS = Array.from({ length: MAX_LONG_DIGITS - MAX_DIGITS + 1 }, (_, exponent) => 10 ** exponent);
const [HALF, QUARTER] = [2 ** 32, 2 ** 16];

/** Limit on the bytes of an integer in a different form, such as 1e18. */
const MAX_OTHER_BYTES = 64;

/** Reads a JSON array of 64-bit integers from its bytes, as 32-bit halves; creating bigints takes ten times as long. */
export class LongIntegerReader extends ArrayReader<LongDatatype> {
  private readonly elements: BigInt64Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>;
  /** The lower and then the upper half of each element. */
  private readonly halves: Int32Array;
  private readonly maxHigh: number;
  private readonly minHigh: number;

  constructor(bytes: Buffer, header: TensorHeader & { readonly datatype: LongDatatype }) {
    super(bytes, header);
    this.elements = new TYPED_ARRAY[header.datatype](elementCount(header.shape));
    this.halves = new Int32Array(this.elements.buffer);
    const signed = header.datatype === 'INT64';
    this.minHigh = signed ? -HALF / 2 : 0;
    this.maxHigh = signed ? HALF / 2 - 1 : HALF - 1;
  }

  read(): BigInt64Array<ArrayBuffer> | BigUint64Array<ArrayBuffer> {
    this.readAll();
    return this.elements;
  }

  protected readRow(size: number): void {
    const { bytes, halves, minHigh, maxHigh } = this;
    let { at, index } = this;
    for (const end = index + size; index < end; index++) {
      if (bytes[at]! <= SPACE) at = afterSpace(bytes, at);
      const start = at;
      const negative = bytes[at] === MINUS;
      if (negative) at++;
      const first = at;
      // `value` collects digits as long as it stays exact, and `rest` collects the remaining ones.
      let value = 0;
      let digit = bytes[at]! - ZERO;
      while (digit >= 0 && digit <= 9 && at - first < MAX_DIGITS) {
        value = 10 * value + digit;
        digit = bytes[++at]! - ZERO;
      }
      const restStart = at;
      let rest = 0;
      while (digit >= 0 && digit <= 9 && at - first < MAX_LONG_DIGITS) {
        rest = 10 * rest + digit;
        digit = bytes[++at]! - ZERO;
      }
      const digits = at - first;
      let high = Math.floor(value / HALF);
      let low = value - high * HALF;
      if (at > restStart) {
        // Computed in 16-bit quarters, because a double cannot represent the product of 32-bit halves exactly.
        const scale = POWERS[at - restStart]!;
        const upper = Math.floor(value / QUARTER) * scale;
        low = (upper % QUARTER) * QUARTER + (value % QUARTER) * scale + rest;
        high = Math.floor(upper / QUARTER) + Math.floor(low / HALF);
        low %= HALF;
      }
      if (negative) {
        high = low === 0 ? -high : -high - 1;
        low = -low;
      }
      if (bytes[at]! <= SPACE) at = afterSpace(bytes, at);
      const isPlain =
        digits > 0 && (digits === 1 || bytes[first] !== ZERO) && (bytes[at] === COMMA || bytes[at] === CLOSE);
      if (isPlain && high >= minHigh && high <= maxHigh) {
        halves[2 * index] = low;
        halves[2 * index + 1] = high;
      } else {
        this.index = index;
        at = this.readOther(start);
      }
      if (index < end - 1 && bytes[at++] !== COMMA) {
        this.index = index + 1;
        throw this.noComma(at - 1);
      }
    }
    this.at = at;
    this.index = index;
  }

  /** Reads an integer in a different form, such as 1e18. @returns The position after it. */
  private readOther(start: number): number {
    const end = endOfValue(this.bytes, start);
    if (end === start || end - start > MAX_OTHER_BYTES) throw this.notElement(start);
    const element = ELEMENT_TYPES[this.header.datatype].convert(
      exactInteger(this.bytes.toString('latin1', start, end)),
    );
    if (typeof element !== 'bigint') throw this.notElement(start);
    this.elements[this.index] = element;
    return afterSpace(this.bytes, end);
  }
}
