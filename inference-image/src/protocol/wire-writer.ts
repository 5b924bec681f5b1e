import { tagOf, WIRE } from './wire-reader';

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
