import { tagOf, WIRE } from './wire-reader';

/** Before each message that gRPC sends: whether it is compressed (1 byte), and its length (4 bytes). */
export const PREFIX_BYTES = 5;

/** Bytes of a whole number, not negative, as a varint. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

/** @returns Where it ends. */
export function writeVarint(bytes: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  // Division, since a size may have more than 32 bits.
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest % 0x80) | 0x80;
  bytes[at++] = rest;
  return at;
}

/** Writes what is before a length-delimited value. @param field 1 to 15. @returns Where the value begins. */
export function fieldStart(bytes: Buffer, at: number, field: number, length: number): number {
  bytes[at] = tagOf(field, WIRE.bytes);
  return writeVarint(bytes, at + 1, length);
}

/** A length-delimited field; none of an empty text, which is the default. @param field 1 to 15. */
export function bytesField(field: number, value: Buffer): Buffer {
  if (value.length === 0) return value;
  const start = Buffer.alloc(1 + varintLength(value.length));
  fieldStart(start, 0, field, value.length);
  return Buffer.concat([start, value]);
}
