import { elementCount } from '../contract/signature';
import { TYPED_ARRAY, type NumericData, type NumericDatatype, type TensorHeader } from '../tensor/tensor';
import { ArrayReader } from './array-reader';
import { EXACT, JSON_NUMBER, POWERS_OF_TEN, quotient, UNREAD } from './decimal';
import { afterSpace, endOfValue } from './json-bytes';
import { ELEMENT_TYPES } from './json-elements';

// Not imported from json-bytes, because loops over bytes are faster with constants of the same file.
const [SPACE, OPEN, CLOSE, COMMA, DOT, PLUS, MINUS, ZERO] = [0x20, 0x5b, 0x5d, 0x2c, 0x2e, 0x2b, 0x2d, 0x30];
const E = 0x65;
/** Bit that distinguishes a lower-case letter from its upper-case form. */
const SMALL = 0x20;

/** Bound below which a number stays exact in a double when one more digit is appended. */
const FULL = 9e14;
const MAX_DIGITS = 15;
/** Number of digits that fit in a 32-bit integer. Collecting digits in such an integer takes half the time. */
const SMALL_DIGITS = 9;
/**
 * Bound on the number formed by the preceding digits. Below it, that number stays exact in a double when up to nine
 * digits are appended.
 */
const SMALL_WHOLE = 1e6;
const MAX_EXPONENT_DIGITS = 3;

/**
 * Number of values that are read before they are converted: enough to make the conversion cheap, few enough to stay in
 * the cache.
 */
const PIECE = 1024;
const piece = new Float64Array(PIECE);

/** Datatypes whose elements a double represents exactly. */
export type NumberDatatype = Exclude<NumericDatatype, 'INT64' | 'UINT64' | 'FP16'>;

const QUOTE = 0x22;
/** Limit on the bytes of a word, which no valid word reaches, even with escapes. */
const MAX_WORD_BYTES = 64;

/** Words of protobuf's JSON mapping. */
const FLOAT_WORDS = [NaN, Infinity, -Infinity].map((element) => ({ text: Buffer.from(`"${element}"`), element }));
const WORDS: Partial<Record<NumberDatatype, ReadonlyArray<{ readonly text: Buffer; readonly element: number }>>> = {
  BOOL: [true, false].map((value) => ({ text: Buffer.from(String(value)), element: Number(value) })),
  FP32: FLOAT_WORDS,
  FP64: FLOAT_WORDS,
};

/**
 * Reads a JSON array of numbers from its bytes. JSON.parse converts the bytes to text and the text to an array first,
 * and takes two to three times as long (npm run bench:json). Each element is converted from exactly the double that
 * JSON.parse would return.
 */
export class NumberReader extends ArrayReader<NumberDatatype> {
  private readonly elements: NumericData;
  /** Number of converted elements. */
  private stored = 0;
  /** Position of the first element that is not converted yet, or of white space or brackets before it. */
  private pieceAt = 0;

  constructor(bytes: Buffer, header: TensorHeader & { readonly datatype: NumberDatatype }) {
    super(bytes, header);
    this.elements = new TYPED_ARRAY[header.datatype](elementCount(header.shape));
  }

  read(): NumericData {
    this.readAll();
    this.store();
    return this.elements;
  }

  protected readRow(size: number): void {
    for (let left = size; left > 0;) {
      const used = this.index - this.stored;
      if (used === 0) this.pieceAt = this.at;
      const count = Math.min(left, PIECE - used);
      this.readPiece(count, left === count);
      left -= count;
      if (used + count === PIECE) this.store();
    }
  }

  /** Converts the numbers read so far; all pieces except the last are full. */
  private store(): void {
    const from = this.stored;
    const wrong = STORE[this.header.datatype](this.elements, from, this.index - from);
    if (wrong >= 0) {
      this.index = from + wrong;
      throw this.notElement(this.positionInPiece(wrong));
    }
    this.stored = this.index;
  }

  /** Position of an element of the piece, which has been read without an error. */
  private positionInPiece(slot: number): number {
    const { bytes } = this;
    let at = this.pieceAt;
    for (let left = slot; ; left--) {
      while (bytes[at]! <= SPACE || bytes[at] === COMMA || bytes[at] === OPEN || bytes[at] === CLOSE) at++;
      if (left === 0) return at;
      at = endOfValue(bytes, at);
    }
  }

  /** Reads a piece. It is a single function with local variables, which makes it 1.5 times as fast. */
  private readPiece(count: number, endsRow: boolean): void {
    const { bytes } = this;
    let { at } = this;
    let slot = this.index - this.stored;
    const end = slot + count;
    const lastComma = endsRow ? end - 1 : end;
    for (; slot < end; slot++) {
      if (bytes[at]! <= SPACE) at = afterSpace(bytes, at);
      const start = at;
      const negative = bytes[at] === MINUS;
      if (negative) at++;
      const first = at;
      // `high` collects digits as long as it stays exact, and `low` collects the remaining ones.
      let high = 0;
      let digit = bytes[at]! - ZERO;
      while (digit >= 0 && digit <= 9) {
        high = 10 * high + digit;
        digit = bytes[++at]! - ZERO;
      }
      const digits = at - first;
      let value = high;
      if (digits === 0 || digits > MAX_DIGITS || (digits > 1 && bytes[first] === ZERO)) value = UNREAD;
      else if (bytes[at] !== COMMA && bytes[at] !== CLOSE) {
        let isWhole = true;
        let low = 0;
        let lowDigits = 0;
        let scale = 0;
        if (bytes[at] === DOT) {
          const fraction = ++at;
          digit = bytes[at]! - ZERO;
          if (high < SMALL_WHOLE) {
            const smallEnd = at + SMALL_DIGITS;
            let small = 0;
            while (digit >= 0 && digit <= 9 && at < smallEnd) {
              small = (10 * small + digit) | 0;
              digit = bytes[++at]! - ZERO;
            }
            high = high * POWERS_OF_TEN[at - fraction]! + small;
          }
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
          isWhole = scale > 0;
        }
        if ((bytes[at]! | SMALL) === E) {
          const sign = bytes[++at];
          if (sign === MINUS || sign === PLUS) at++;
          const exponentStart = at;
          let exponent = 0;
          for (digit = bytes[at]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) {
            exponent = 10 * exponent + digit;
          }
          isWhole &&= at > exponentStart && at - exponentStart <= MAX_EXPONENT_DIGITS;
          scale += sign === MINUS ? exponent : -exponent;
        }
        if (!isWhole) value = UNREAD;
        else value = lowDigits > 0 ? quotient(high, low, lowDigits, scale) : scaled(high, scale);
        if (bytes[at]! <= SPACE) at = afterSpace(bytes, at);
      }
      if (!(value >= 0)) {
        this.index = this.stored + slot;
        piece[slot] = this.readOther(start);
        at = this.at;
      } else piece[slot] = negative ? -value : value;
      if (slot < lastComma && bytes[at++] !== COMMA) {
        this.index = this.stored + slot + 1;
        throw this.noComma(at - 1);
      }
    }
    this.at = at;
    this.index = this.stored + slot;
  }

  /** Reads any other element: a number with more digits, or a word. */
  private readOther(start: number): number {
    const { bytes } = this;
    const end = endOfValue(bytes, start);
    const element = this.word(start, end) ?? this.long(start, end);
    if (element === undefined) throw this.notElement(start);
    this.at = afterSpace(bytes, end);
    return element;
  }

  /** Reads a word that represents an element, such as "NaN". */
  private word(start: number, end: number): number | undefined {
    for (const { text, element } of WORDS[this.header.datatype] ?? []) {
      if (text.length === end - start && isAt(this.bytes, start, text)) return element;
    }
    return undefined;
  }

  private long(start: number, end: number): number | undefined {
    const text = this.bytes.toString('latin1', start, end);
    if (JSON_NUMBER.test(text)) {
      const value = Number(text);
      return Number.isFinite(value) ? value : undefined;
    }
    if (this.bytes[start] !== QUOTE || end - start > MAX_WORD_BYTES) return undefined;
    // A word may contain escapes.
    const element = ELEMENT_TYPES[this.header.datatype].convert(this.valueAt(start, end));
    return typeof element === 'number' ? element : undefined;
  }
}

/** Whether `text` is at `start`; faster than Buffer.compare for a few bytes. */
function isAt(bytes: Uint8Array, start: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text[i]) return false;
  return true;
}

/** Converts the first `count` numbers of the piece; returns the position of the first invalid one, or -1. */
type Store = (elements: NumericData, from: number, count: number) => number;

const STORE: Record<NumberDatatype, Store> = {
  BOOL: (elements, from, count) => {
    const wrong = storeIntegers(elements, from, count);
    const tooLarge = piece.subarray(0, count).findIndex((value) => value > 1);
    return tooLarge >= 0 && (wrong < 0 || tooLarge < wrong) ? tooLarge : wrong;
  },
  UINT8: storeIntegers,
  UINT16: storeIntegers,
  UINT32: storeIntegers,
  INT8: storeIntegers,
  INT16: storeIntegers,
  INT32: storeIntegers,
  FP32: (elements, from, count) => {
    for (let i = 0; i < count; i++) elements[from + i] = piece[i]!;
    for (let i = 0; i < count; i++) {
      if (!Number.isFinite(elements[from + i]) && Number.isFinite(piece[i])) return i;
    }
    return -1;
  },
  FP64: (elements, from, count) => {
    (elements as Float64Array).set(piece.subarray(0, count), from);
    return -1;
  },
};

/** Stores integers. Storing an invalid value rounds or wraps it, so the stored value differs from the original. */
function storeIntegers(elements: NumericData, from: number, count: number): number {
  for (let i = 0; i < count; i++) {
    elements[from + i] = piece[i]!;
    if (elements[from + i] !== piece[i]) return i;
  }
  return -1;
}

function scaled(high: number, scale: number): number {
  if (scale >= 0) return scale <= EXACT ? high / POWERS_OF_TEN[scale]! : UNREAD;
  return scale >= -EXACT ? high * POWERS_OF_TEN[-scale]! : UNREAD;
}
