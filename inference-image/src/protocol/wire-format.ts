/** Error for bytes that are not a valid protobuf message. */
export class WireError extends Error {}

/** Wire types: https://protobuf.dev/programming-guides/encoding/#structure */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Limit on the fields of a message, apart from the elements of tensors. */
export const MAX_FIELDS = 1024;

/** Tag of a field: its number and wire type. */
export function tagOf(field: number, type: number): number {
  return ((field << 3) | type) >>> 0;
}

/**
 * Reads a protobuf message field by field without building objects: a value is a number in this reader, or a range of
 * the bytes.
 */
export class WireReader {
  /** Tag of the current field. */
  tag = 0;
  /** Value of a length-delimited field: the bytes from `from` up to, but not including, `to`. */
  from = 0;
  to = 0;
  /** Latest varint, as two signed halves of 32 bits. */
  low = 0;
  high = 0;

  /**
   * @param at Start of the message.
   * @param end End of the message.
   * @param fieldsLeft Limit on the message's fields, because reading millions of empty fields would take a long time.
   */
  constructor(
    readonly bytes: Buffer,
    public at = 0,
    readonly end = bytes.length,
    private fieldsLeft = MAX_FIELDS,
  ) {}

  /** Reads the next tag; returns false at the end. Read or skip the field's value before the next call. */
  next(): boolean {
    if (this.at >= this.end) return false;
    if (this.fieldsLeft-- <= 0) throw new WireError('it, or a message in it, has too many fields');
    this.varint();
    // Field numbers have up to 29 bits, and 0 is invalid.
    if (this.high !== 0 || this.low >>> 3 === 0) throw new WireError(`a field at byte ${this.at} has no valid number`);
    this.tag = this.low >>> 0;
    return true;
  }

  /** Reads a varint into `low` and `high`. */
  varint(): void {
    const { bytes, end } = this;
    let at = this.at;
    let low = 0;
    let high = 0;
    for (let i = 0; i < 10; i++) {
      if (at >= end) throw new WireError('it ends in the middle of a number');
      const byte = bytes[at++] as number;
      const part = byte & 0x7f;
      if (i < 4) low |= part << (7 * i);
      else if (i === 4) {
        low |= part << 28;
        high = part >>> 4;
      } else high |= part << (7 * i - 32);
      if (byte < 0x80) {
        this.at = at;
        this.low = low;
        this.high = high;
        return;
      }
    }
    throw new WireError(`a number at byte ${this.at} has more than 10 bytes`);
  }

  /** Reads the range of a length-delimited field into `from` and `to`, and continues after it. */
  range(): void {
    this.varint();
    const length = this.low >>> 0;
    if (this.high !== 0 || length > this.end - this.at) throw new WireError('a field is longer than its message');
    this.from = this.at;
    this.at = this.to = this.from + length;
  }

  /** Skips `length` bytes and stores their range in `from` and `to`. */
  fixed(length: number): void {
    if (length > this.end - this.at) throw new WireError('it ends in the middle of a number');
    this.from = this.at;
    this.at = this.to = this.from + length;
  }

  /** Skips the value of an unused field. */
  skip(): void {
    switch (this.tag & 7) {
      case WIRE.varint:
        return this.varint();
      case WIRE.fixed64:
        return this.fixed(8);
      case WIRE.bytes:
        return this.range();
      case WIRE.fixed32:
        return this.fixed(4);
      default:
        throw new WireError(`a field at byte ${this.at} has wire type ${this.tag & 7}, which proto3 does not have`);
    }
  }

  /** Returns a reader of the latest length-delimited value, which is a message. */
  inner(maxFields = MAX_FIELDS): WireReader {
    return new WireReader(this.bytes, this.from, this.to, maxFields);
  }

  /** The latest length-delimited value as a string; a string longer than `maxBytes` is cut and ends with `…`. */
  text(maxBytes: number): string {
    const { bytes, from, to } = this;
    if (to - from <= maxBytes) return bytes.toString('utf8', from, to);
    return `${bytes.toString('utf8', from, from + maxBytes)}…`;
  }

  /** Latest varint as an int64. */
  get int64(): number {
    return this.high * 2 ** 32 + (this.low >>> 0);
  }
}

/** Length of the prefix of each gRPC message: a compression flag (1 byte) and the message's length (4 bytes). */
export const PREFIX_BYTES = 5;

/** Number of bytes of a non-negative integer as a varint. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

/** Writes a varint. @returns The position after it. */
export function writeVarint(bytes: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  // Divides instead of shifting, because a size may exceed 32 bits.
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest % 0x80) | 0x80;
  bytes[at++] = rest;
  return at;
}

/** Writes the tag and length of a length-delimited value. @param field 1 to 15. @returns The start of the value. */
export function fieldStart(bytes: Buffer, at: number, field: number, length: number): number {
  bytes[at] = tagOf(field, WIRE.bytes);
  return writeVarint(bytes, at + 1, length);
}

/** Encodes a length-delimited field; an empty value, the default, is omitted. @param field 1 to 15. */
export function bytesField(field: number, value: Buffer): Buffer {
  if (value.length === 0) return value;
  const start = Buffer.alloc(1 + varintLength(value.length));
  fieldStart(start, 0, field, value.length);
  return Buffer.concat([start, value]);
}
