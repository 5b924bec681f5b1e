import { MalformedFile, type FileCursor } from '../model/file-cursor';

/** https://protobuf.dev/programming-guides/encoding/#structure */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** A field of a protobuf message in a file, by its offsets there. */
export interface WireField {
  readonly number: number;
  /** Whether its content has a length before it, as messages, texts and bytes have. */
  readonly hasLength: boolean;
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
}

/** The fields of a message, one after another; the cursor is left at the end of the message. */
export function* fieldsOf(cursor: FileCursor, start: number, end: number): Generator<WireField> {
  let position = start;
  while (position < end) {
    cursor.position = position;
    const tag = cursor.varint();
    const [number, wireType] = [Math.floor(tag / 8), tag % 8];
    if (number < 1 || number >= 2 ** 29) throw new MalformedFile(`byte ${position} does not begin a field`);
    const length = lengthOf(cursor, wireType);
    const field = {
      number,
      hasLength: wireType === LENGTH_DELIMITED,
      start: position,
      contentStart: cursor.position,
      end: cursor.position + length,
    };
    if (field.end > end) throw new MalformedFile(`a field at byte ${position} passes the end of its message`);
    yield field;
    position = field.end;
  }
  cursor.position = end;
}

function lengthOf(cursor: FileCursor, wireType: number): number {
  switch (wireType) {
    case VARINT:
      cursor.varint();
      return 0;
    case FIXED32:
      return 4;
    case FIXED64:
      return 8;
    case LENGTH_DELIMITED:
      return cursor.varint();
    default:
      throw new MalformedFile(`wire type ${wireType} before byte ${cursor.position} is none that ONNX uses`);
  }
}

/** What stands before the content of a field that has a length. */
export function fieldHead(number: number, length: number): Buffer {
  return Buffer.concat([varint(number * 8 + LENGTH_DELIMITED), varint(length)]);
}

/** A field that holds a whole number. */
export function varintField(number: number, value: number): Buffer {
  return Buffer.concat([varint(number * 8 + VARINT), varint(value)]);
}

/** A field that holds bytes. */
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
