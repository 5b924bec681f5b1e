import { MalformedFile, type FileCursor } from './file-cursor';

/** https://protobuf.dev/programming-guides/encoding/#structure */
export const WIRE_TYPE = { varint: 0, fixed64: 1, lengthDelimited: 2, fixed32: 5 };

/** Protobuf's limit on nested messages: https://protobuf.dev/programming-guides/proto-limits/ */
export const MAX_DEPTH = 100;

/** Location of a field of a protobuf message in a file. */
export interface WireField {
  readonly number: number;
  /** Whether a length precedes the content, as for messages, strings and bytes. */
  readonly hasLength: boolean;
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
}

/** Iterates over the fields of a message, and leaves the cursor at the end of the message. */
export function* fieldsOf(cursor: FileCursor, start: number, end: number): Generator<WireField> {
  let position = start;
  while (position < end) {
    cursor.position = position;
    const { fieldNumber, wireType } = readTag(cursor);
    const length = readLength(cursor, wireType);
    const field = {
      number: fieldNumber,
      hasLength: wireType === WIRE_TYPE.lengthDelimited,
      start: position,
      contentStart: cursor.position,
      end: cursor.position + length,
    };
    if (field.end > end) throw new MalformedFile(`the field at byte ${position} extends beyond its message`);
    yield field;
    position = field.end;
  }
  cursor.position = end;
}

export function readTag(cursor: FileCursor) {
  const start = cursor.position;
  const tag = cursor.varint();
  const fieldNumber = Math.floor(tag / 8);
  if (fieldNumber < 1 || fieldNumber >= 2 ** 29) throw new MalformedFile(`no valid field starts at byte ${start}`);
  return { tag, fieldNumber, wireType: tag % 8 };
}

/** Advances to a field's content, and returns the length of the content. A varint is consumed, so its length is 0. */
export function readLength(cursor: FileCursor, wireType: number): number {
  switch (wireType) {
    case WIRE_TYPE.varint:
      cursor.varint();
      return 0;
    case WIRE_TYPE.fixed32:
      return 4;
    case WIRE_TYPE.fixed64:
      return 8;
    case WIRE_TYPE.lengthDelimited:
      return cursor.varint();
    default:
      throw new MalformedFile(`wire type ${wireType} before byte ${cursor.position} is not used by ONNX`);
  }
}

/** Encodes the tag and length of a field with a length prefix. */
export function fieldHead(number: number, length: number): Buffer {
  return Buffer.concat([varint(number * 8 + WIRE_TYPE.lengthDelimited), varint(length)]);
}

/** Encodes an integer field. */
export function varintField(number: number, value: number): Buffer {
  return Buffer.concat([varint(number * 8 + WIRE_TYPE.varint), varint(value)]);
}

/** Encodes a bytes field. */
export function bytesField(number: number, content: Uint8Array): Buffer {
  return Buffer.concat([fieldHead(number, content.length), content]);
}

/** https://protobuf.dev/programming-guides/encoding/#varints */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Buffer.from([...bytes, rest]);
}
