import { elementCount } from '../contract/signature';
import { cut, shapeText } from '../base/cut-text';
import { invalid, type ServingError } from '../base/errors';
import type { TensorHeader } from '../tensor/tensor';
import { JSON_NUMBER } from './decimal';
import { describe } from '../base/fields';
import { notJson, parseJson } from './json';
import { CLOSE_ARRAY, COMMA, OPEN_ARRAY, SPACE, afterSpace, countItems, endOfNested, endOfValue } from './json-bytes';
import { ELEMENT_TYPES, type JsonDatatype } from './json-elements';

/** Maximum length of an element that is parsed for an error message; longer elements are cut. */
const MAX_ELEMENT_BYTES = 1024;
const SHOWN_BYTES = 60;

/**
 * Reads the elements of a tensor from the bytes of a JSON array, either flat or nested like its shape. Builds only the
 * elements, not the arrays. Compares the nesting with the shape while it reads, and stops at the first difference.
 */
export abstract class ArrayReader<T extends JsonDatatype = JsonDatatype> {
  protected at = 0;
  /** Number of elements read. */
  protected index = 0;

  /** @param bytes The array, from its opening to its closing bracket. */
  constructor(
    protected readonly bytes: Buffer,
    protected readonly header: TensorHeader & { readonly datatype: T },
  ) {}

  /** Reads the whole array. @throws ServingError if it is invalid or does not match the shape. */
  protected readAll(): void {
    if (this.isNested()) this.readNested(0);
    else {
      const count = elementCount(this.header.shape);
      this.take(OPEN_ARRAY);
      this.readRow(count);
      this.takeClose(count);
    }
    if (this.at !== this.bytes.length) throw this.unexpected(this.at);
  }

  /** Reads a row of elements and the commas between them, from `at` on; the row may be empty. */
  protected abstract readRow(size: number): void;

  private readNested(axis: number): void {
    const size = this.header.shape[axis] as number;
    this.take(OPEN_ARRAY);
    if (axis === this.header.shape.length - 1) this.readRow(size);
    else {
      for (let i = 0; i < size; i++) {
        if (i > 0) this.take(COMMA);
        this.readNested(axis + 1);
      }
    }
    this.takeClose(size);
  }

  private take(token: number): void {
    this.at = afterSpace(this.bytes, this.at);
    if (this.bytes[this.at] !== token) throw notNested(this.header.shape);
    this.at++;
  }

  /** Reads a closing bracket. @param size Number of items before it. */
  private takeClose(size: number): void {
    const { bytes } = this;
    this.at = afterSpace(bytes, this.at);
    if (bytes[this.at] === CLOSE_ARRAY) return void this.at++;
    if (size > 0) {
      if (bytes[this.at] !== COMMA) throw this.unexpected(this.at);
      this.at = afterSpace(bytes, this.at + 1);
    }
    // Either there are too many items, or the JSON is invalid.
    throw endOfValue(bytes, this.at) > this.at ? this.wrongStructure() : this.unexpected(this.at);
  }

  /** Creates the error for a missing comma at `at`. */
  protected noComma(at: number): ServingError {
    return this.bytes[at] === CLOSE_ARRAY ? this.wrongStructure() : this.unexpected(at);
  }

  /** Creates the error for a value at `at` that is not valid for the datatype. */
  protected notElement(at: number): ServingError {
    const { bytes } = this;
    const end = endOfValue(bytes, at);
    if (end === at) return bytes[lastBefore(bytes, at)] === OPEN_ARRAY ? this.noComma(at) : this.unexpected(at);
    if (end - at > MAX_ELEMENT_BYTES) return this.wrong(`${bytes.toString('utf8', at, at + SHOWN_BYTES)}…`);
    const text = bytes.toString('latin1', at, end);
    // Shown as the client wrote it, because a double may not represent it exactly.
    if (JSON_NUMBER.test(text)) return this.wrong(cut(text, SHOWN_BYTES));
    try {
      return this.wrongElement(this.valueAt(at, end));
    } catch (error) {
      return error as ServingError;
    }
  }

  protected wrongElement(value: unknown): ServingError {
    return this.wrong(describe(value));
  }

  /** Parses one element. */
  protected valueAt(at: number, end: number): unknown {
    // The search for long integers needs a delimiter on each side of the number, so brackets enclose the element.
    const [value] = parseJson(`[${this.bytes.toString('utf8', at, end)}]`, { exactIntegers: true }) as unknown[];
    return value;
  }

  private wrong(text: string): ServingError {
    const { datatype } = this.header;
    return invalid(`element ${this.index} is ${text}; ${datatype} takes ${ELEMENT_TYPES[datatype].allowed}`);
  }

  private wrongStructure(): ServingError {
    const { bytes } = this;
    const { shape } = this.header;
    const end = endOfNested(bytes, 0);
    if (end !== bytes.length) return this.unexpected(end);
    return this.isNested() ? notNested(shape) : wrongCount(shape, countItems(bytes));
  }

  private isNested(): boolean {
    return this.header.shape.length > 1 && this.bytes[afterSpace(this.bytes, 1)] === OPEN_ARRAY;
  }

  protected unexpected(at: number): ServingError {
    const found = at >= 0 && at < this.bytes.length ? JSON.stringify(this.bytes.toString('latin1', at, at + 1)) : 'end';
    return notJson(`unexpected ${found} at byte ${at} of data`);
  }
}

export function wrongCount(shape: readonly number[], count: number): ServingError {
  return invalid(`data has ${count} elements; shape ${shapeText(shape)} needs ${elementCount(shape)}`);
}

export function notNested(shape: readonly number[]): ServingError {
  return invalid(
    `the nesting of data does not match shape ${shapeText(shape)}; nest data like the shape, or send a flat array`,
  );
}

function lastBefore(bytes: Uint8Array, from: number): number {
  let at = from - 1;
  while (bytes[at]! <= SPACE) at--;
  return at;
}
