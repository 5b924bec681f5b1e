import { POWERS_OF_TEN, quotient } from './decimal';

const [TAB, NEWLINE, RETURN, SPACE] = [0x09, 0x0a, 0x0d, 0x20];
const [OPEN, CLOSE, COMMA, DOT, PLUS, MINUS, ZERO] = [0x5b, 0x5d, 0x2c, 0x2e, 0x2b, 0x2d, 0x30];
const E = 0x65;
/** With this bit a letter is a small one. */
const SMALL = 0x20;

/** Ten times as much and nine is still exact in a double. */
const FULL = 9e14;
const MAX_DIGITS = 15;
const MAX_EXPONENT_DIGITS = 3;

/**
 * Reads a JSON array of numbers from its bytes, flat or nested as `shape` says. JSON.parse makes text of the bytes and
 * an array of the text first, and takes two to three times as long (npm run bench:json).
 * @param bytes From the opening bracket to the closing one.
 * @returns The elements in row-major order, each the very double that JSON.parse gives; undefined for whatever else the
 * bytes hold (texts, other counts, integers of 16 digits and more), which is not to say that it is wrong.
 */
export function readNumbers(
  bytes: Uint8Array,
  shape: readonly number[],
  count: number,
): Float64Array<ArrayBuffer> | undefined {
  // An element takes two bytes or more: a shape that claims more than there are allocates nothing.
  if (2 * count >= bytes.length) return undefined;
  const reader = new NumberReader(bytes, new Float64Array(count));
  return reader.read(shape) ? reader.values : undefined;
}

class NumberReader {
  private at = 0;
  private filled = 0;

  constructor(
    private readonly bytes: Uint8Array,
    readonly values: Float64Array<ArrayBuffer>,
  ) {}

  read(shape: readonly number[]): boolean {
    if (this.bytes[this.bytes.length - 1] !== CLOSE) return false;
    this.at = 1;
    this.skipSpace();
    const nested = shape.length > 1 && this.bytes[this.at] === OPEN;
    this.at = 0;
    const read = nested ? this.readNested(shape, 0) : this.readRow(this.values.length);
    return read && this.at === this.bytes.length;
  }

  private readNested(shape: readonly number[], axis: number): boolean {
    const size = shape[axis] as number;
    if (axis === shape.length - 1) return this.readRow(size);
    if (!this.take(OPEN)) return false;
    for (let i = 0; i < size; i++) {
      if (i > 0 && !this.take(COMMA)) return false;
      if (!this.readNested(shape, axis + 1)) return false;
    }
    return this.take(CLOSE);
  }

  /** All in one function with variables of its own: that makes it half again as fast. */
  private readRow(size: number): boolean {
    if (!this.take(OPEN)) return false;
    const { bytes, values } = this;
    let { at, filled } = this;
    for (const end = filled + size; filled < end; filled++) {
      if (bytes[at]! <= SPACE) at = afterSpace(bytes, at);
      const start = at;
      const negative = bytes[at] === MINUS;
      if (negative) at++;
      const first = at;
      // Digits gather in `high`, which is exact, and those beyond it in `low`.
      let high = 0;
      let digit = bytes[at]! - ZERO;
      while (digit >= 0 && digit <= 9) {
        high = 10 * high + digit;
        digit = bytes[++at]! - ZERO;
      }
      const digits = at - first;
      if (digits === 0 || digits > MAX_DIGITS || (digits > 1 && bytes[first] === ZERO)) return false;
      let value = high;
      if (bytes[at] !== COMMA && bytes[at] !== CLOSE) {
        let low = 0;
        let lowDigits = 0;
        let scale = 0;
        if (bytes[at] === DOT) {
          const fraction = ++at;
          digit = bytes[at]! - ZERO;
          while (digit >= 0 && digit <= 9 && high < FULL) {
            high = 10 * high + digit;
            digit = bytes[++at]! - ZERO;
          }
          const lowStart = at;
          while (digit >= 0 && digit <= 9) {
            low = 10 * low + digit;
            digit = bytes[++at]! - ZERO;
          }
          lowDigits = at - lowStart;
          scale = at - fraction;
          if (scale === 0) return false;
        }
        if ((bytes[at]! | SMALL) === E) {
          const sign = bytes[++at];
          if (sign === MINUS || sign === PLUS) at++;
          const exponentStart = at;
          let exponent = 0;
          for (digit = bytes[at]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) {
            exponent = 10 * exponent + digit;
          }
          if (at === exponentStart || at - exponentStart > MAX_EXPONENT_DIGITS) return false;
          scale += sign === MINUS ? exponent : -exponent;
        }
        value = lowDigits > 0 ? quotient(high, low, lowDigits, scale) : scaled(high, scale);
        if (Number.isNaN(value)) value = Math.abs(Number(textOf(bytes, start, at)));
        if (bytes[at]! <= SPACE) at = afterSpace(bytes, at);
      }
      values[filled] = negative ? -value : value;
      if (filled < end - 1 && bytes[at++] !== COMMA) return false;
    }
    this.at = at;
    this.filled = filled;
    return this.take(CLOSE);
  }

  /** The next token, where it is this one. */
  private take(token: number): boolean {
    this.skipSpace();
    if (this.bytes[this.at] !== token) return false;
    this.at++;
    return true;
  }

  private skipSpace(): void {
    this.at = afterSpace(this.bytes, this.at);
  }
}

function scaled(high: number, scale: number): number {
  if (scale >= 0) return scale <= 22 ? high / POWERS_OF_TEN[scale]! : NaN;
  return scale >= -22 ? high * POWERS_OF_TEN[-scale]! : NaN;
}

function afterSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  for (let byte = bytes[at]; byte === SPACE || byte === NEWLINE || byte === RETURN || byte === TAB;) byte = bytes[++at];
  return at;
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at] as number);
  return text;
}
