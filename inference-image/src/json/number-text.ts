import { EXACT, POWERS_OF_TEN } from './decimal';

/**
 * Number of elements that are written before their bytes are converted to a string: enough to make the conversion
 * cheap, few enough to stay in the cache.
 */
const CHUNK = 1024;
/** Maximum bytes of an element: a comma, and the 24 characters of -1.2345678901234567e-123. */
const LONGEST_BYTES = 25;

const [COMMA, MINUS, DOT, ZERO, E] = [0x2c, 0x2d, 0x2e, 0x30, 0x65];

const text = Buffer.alloc(CHUNK * LONGEST_BYTES);

/** Writes `value` at a position of `text`; returns the position after it. */
type Write = (value: number, at: number) => number;

/**
 * Writes 32-bit floats as a JSON array. The text is the same as if JSON.stringify printed each element's shortFloat32,
 * but takes a third of the time.
 */
export function float32Text(data: Float32Array): string {
  return arrayText(data, writeFloat32);
}

/**
 * Writes the content of the array of `float32Text` in pieces. Copy each piece immediately: it is valid only until the
 * next array is written.
 */
export function float32Pieces(data: Float32Array): Generator<Uint8Array> {
  return arrayPieces(data, writeFloat32);
}

/** Writes integers as a JSON array; takes as little as a quarter of the time of Array.join. */
export function integerText(data: ArrayLike<number>): string {
  return arrayText(data, writeInteger);
}

/** Writes the content of the array of `integerText` in pieces, like `float32Pieces`. */
export function integerPieces(data: ArrayLike<number>): Generator<Uint8Array> {
  return arrayPieces(data, writeInteger);
}

/**
 * Writes 64-bit integers as a JSON array. Converts them to numbers where possible, because the text of a bigint takes
 * six times as long.
 */
export function longIntegerText(data: BigInt64Array | BigUint64Array): string {
  const halves = new Int32Array(data.buffer, data.byteOffset, 2 * data.length);
  const signed = data instanceof BigInt64Array;
  const numbers = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const high = halves[2 * i + 1] as number;
    const number = (signed ? high : high >>> 0) * 2 ** 32 + ((halves[2 * i] as number) >>> 0);
    if (!Number.isSafeInteger(number)) return `[${data.join(',')}]`;
    numbers[i] = number;
  }
  return integerText(numbers);
}

/** Writes booleans as a JSON array; 0 is false. */
export function booleanText(data: ArrayLike<number>): string {
  return arrayText(data, writeBoolean);
}

function arrayText(data: ArrayLike<number>, write: Write): string {
  let result = '[';
  for (let from = 0; from < data.length; from += CHUNK) {
    result += text.toString('latin1', 0, writeChunk(data, from, write));
  }
  return result + ']';
}

function* arrayPieces(data: ArrayLike<number>, write: Write): Generator<Uint8Array> {
  for (let from = 0; from < data.length; from += CHUNK) yield text.subarray(0, writeChunk(data, from, write));
}

/** Writes the chunk that begins at `from`, with the comma before it; returns the end of its text. */
function writeChunk(data: ArrayLike<number>, from: number, write: Write): number {
  const to = Math.min(from + CHUNK, data.length);
  let at = 0;
  for (let i = from; i < to; i++) {
    if (i > 0) text[at++] = COMMA;
    at = write(data[i] as number, at);
  }
  return at;
}

/** Largest negative exponent that JSON.stringify writes; it writes 1e-6 as 0.000001. */
const LARGEST_EXPONENT = -7;

const [FALSE, TRUE] = [Buffer.from('false'), Buffer.from('true')];

function writeBoolean(value: number, from: number): number {
  const word = value === 0 ? FALSE : TRUE;
  for (let i = 0; i < word.length; i++) text[from + i] = word[i]!;
  return from + word.length;
}

function writeInteger(value: number, from: number): number {
  let at = from;
  let rest = value;
  if (rest < 0) {
    text[at++] = MINUS;
    rest = -rest;
  }
  let end = at + 1;
  for (let power = 10; power <= rest; power *= 10) end++;
  for (let i = end - 1; i >= at; i--) {
    const tenth = Math.floor(rest / 10);
    text[i] = ZERO + (rest - 10 * tenth);
    rest = tenth;
  }
  return end;
}

/** Writes the decimal that shortFloat32 finds or, for values that it does not shorten, the text of JSON.stringify. */
function writeFloat32(value: number, from: number): number {
  const whole = value | 0;
  if (whole === value && (whole !== 0 || Object.is(value, 0))) return writeInteger(whole, from);
  const magnitude = Math.abs(value);
  // Outside this range, nine digits and the leading zeros would exceed 32 bits.
  if (!(magnitude >= 1e-4 && magnitude < 1e6)) return writeUnusual(value, magnitude, from);
  let decimals = decimalsFor(magnitude);
  let scale = POWERS_OF_TEN[decimals] as number;
  let digits = Math.round(value * scale);
  if (Math.fround(digits / scale) !== value) {
    digits = Math.round(value * scale * 10);
    scale *= 10;
    decimals++;
    if (Math.fround(digits / scale) !== value) return writeOther(value, from);
  }
  let at = from;
  if (value < 0) text[at++] = MINUS;
  return writeDecimal(Math.abs(digits) | 0, decimals, at);
}

/** Writes digits / 10^decimals, which must not be an integer. */
function writeDecimal(digits: number, decimals: number, from: number): number {
  let rest = digits;
  let places = decimals;
  for (let tenth = (rest / 10) | 0; rest === 10 * tenth; tenth = (rest / 10) | 0) {
    rest = tenth;
    places--;
  }
  let point = from + 1;
  for (let power = POWERS_OF_TEN[places + 1] as number; power <= rest; power *= 10) point++;
  const end = point + 1 + places;
  for (let i = end - 1; i >= from; i--) {
    if (i === point) continue;
    const tenth = (rest / 10) | 0;
    text[i] = ZERO + (rest - 10 * tenth);
    rest = tenth;
  }
  text[point] = DOT;
  return end;
}

const small: Decimal = { digits: 0, scale: 0 };

/** Writes a number outside the usual range, such as 1.5e-7; softmax returns thousands of very small numbers. */
function writeUnusual(value: number, magnitude: number, from: number): number {
  if (!readSmall(magnitude, small)) return writeOther(value, from);
  let { digits } = small;
  let exponent = -small.scale;
  for (let tenth = (digits / 10) | 0; digits === 10 * tenth; tenth = (digits / 10) | 0) {
    digits = tenth;
    exponent++;
  }
  let places = 0;
  for (let power = 10; power <= digits; power *= 10) places++;
  exponent += places;
  // JSON.stringify writes these numbers without an exponent.
  if (exponent > LARGEST_EXPONENT) return writeOther(value, from);
  let at = from;
  if (value < 0) text[at++] = MINUS;
  if (places > 0) {
    const end = at + 1 + places;
    for (let i = end; i > at + 1; i--) {
      const tenth = (digits / 10) | 0;
      text[i] = ZERO + (digits - 10 * tenth);
      digits = tenth;
    }
    text[at] = ZERO + digits;
    text[at + 1] = DOT;
    at = end + 1;
  } else text[at++] = ZERO + digits;
  text[at++] = E;
  text[at++] = MINUS;
  return writeInteger(-exponent, at);
}

function writeOther(value: number, from: number): number {
  const characters = Object.is(value, -0) ? '-0' : Number.isFinite(value) ? String(shortFloat32(value)) : `"${value}"`;
  return from + text.write(characters, from, 'latin1');
}

/**
 * Finds a double whose text is shorter than that of `value` and that rounds to the same 32-bit float. A 32-bit float
 * converted to a double is printed with up to 17 digits (0.1 as 0.10000000149011612), although 8 or 9 digits identify
 * it. Printing the shorter double makes the JSON about half as long and takes no extra time, because short numbers are
 * printed faster.
 * @param value A finite 32-bit float.
 */
export function shortFloat32(value: number): number {
  const magnitude = Math.abs(value);
  const decimals = decimalsFor(magnitude);
  if (decimals === 0) {
    const small = { digits: 0, scale: 0 };
    if (readSmall(magnitude, small)) return Math.sign(value) * Number(`${small.digits}e-${small.scale}`);
    return magnitude < SMALL || magnitude >= LARGE ? fewestDigits(value) : value;
  }
  const scale = POWERS_OF_TEN[decimals] as number;
  const eightDigits = Math.round(value * scale) / scale;
  if (Math.fround(eightDigits) === value) return eightDigits;
  const nineDigits = Math.round(value * scale * 10) / (scale * 10);
  return Math.fround(nineDigits) === value ? nineDigits : value;
}

/** Range in which numbers are printed without an exponent. */
const [SMALL, LARGE] = [1e-6, 1e21];
/** Smallest normal 32-bit float; subnormal floats have fewer significant bits. */
const SMALLEST_NORMAL = 2 ** -126;

/** Number of digits that is enough to identify every 32-bit float. */
const MAX_DIGITS = 9;
/** Number of digits that every normal 32-bit float preserves, so that shorter decimals need not be tried. */
const MIN_DIGITS = 6;

/** Finds the shortest decimal by printing the value, which is slow. */
function fewestDigits(value: number): number {
  for (let digits = Math.abs(value) < SMALLEST_NORMAL ? 1 : MIN_DIGITS; digits < MAX_DIGITS; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded;
  }
  return Number(value.toPrecision(MAX_DIGITS));
}

/** Bounds well beyond the rounding errors of two products and two quotients. */
const [BELOW, ABOVE] = [1 - 2 ** -49, 1 + 2 ** -49];

/** The number digits / 10^scale. */
export interface Decimal {
  digits: number;
  scale: number;
}

/**
 * Finds the shortest decimal of a float below 1e-6, in a tenth of the time of `toPrecision`. Softmax returns thousands
 * of such floats.
 * @param decimal Receives the result. The same object can be used for all floats of an array.
 * @returns Whether there is a result. There is none for larger floats, for subnormal floats, or if doubles are not
 * exact enough.
 */
export function readSmall(magnitude: number, decimal: Decimal): boolean {
  if (!(magnitude < SMALL && magnitude >= SMALLEST_NORMAL)) return false;
  const exponent = Math.floor(Math.log10(magnitude));
  for (let count = MIN_DIGITS; count <= MAX_DIGITS; count++) {
    // The scale is at most 46. The power of ten is split into a factor of up to 1e22, which is exact, and the rest.
    const scale = count - 1 - exponent;
    const rest = POWERS_OF_TEN[Math.max(0, scale - EXACT)] as number;
    const power = POWERS_OF_TEN[Math.min(scale, EXACT)] as number;
    const digits = Math.round(magnitude * power * rest);
    const nearest = digits / power / rest;
    if (Math.fround(nearest * BELOW) !== magnitude || Math.fround(nearest * ABOVE) !== magnitude) continue;
    decimal.digits = digits;
    decimal.scale = scale;
    return true;
  }
  return false;
}

/** Number of decimal places that keep eight significant digits; 0 for magnitudes that need a different method. */
export function decimalsFor(magnitude: number): number {
  if (magnitude >= 1) {
    if (magnitude < 1e1) return 7;
    if (magnitude < 1e2) return 6;
    if (magnitude < 1e3) return 5;
    if (magnitude < 1e4) return 4;
    if (magnitude < 1e5) return 3;
    return magnitude < 1e6 ? 2 : 0;
  }
  if (magnitude >= 1e-1) return 8;
  if (magnitude >= 1e-2) return 9;
  if (magnitude >= 1e-3) return 10;
  if (magnitude >= 1e-4) return 11;
  return magnitude >= SMALL ? 13 : 0;
}
