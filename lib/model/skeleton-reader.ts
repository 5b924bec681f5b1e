import { Type, Writer, type Field } from 'protobufjs/light';
import { FileCursor, MalformedFile } from './file-cursor';
import { onnxMessage } from './onnx-messages';

/** https://protobuf.dev/programming-guides/encoding/#structure */
const WIRE_TYPE = { varint: 0, fixed64: 1, lengthDelimited: 2, fixed32: 5 };

/** Protobuf's own limit on messages within messages: https://protobuf.dev/programming-guides/proto-limits/ */
const MAX_DEPTH = 100;

/** Fields that may be large and that no check looks into. */
const PAYLOADS: ReadonlySet<string> = new Set([
  'TensorProto.rawData',
  'TensorProto.stringData',
  'AttributeProto.s',
  'AttributeProto.floats',
  'AttributeProto.ints',
  'AttributeProto.strings',
]);

/**
 * Copies an ONNX file without its weights: the bytes of a ModelProto with the fields that onnx-messages.ts knows,
 * less the payloads. Of a gigabyte of weights it reads as little as it would of none. Where `rawData` was,
 * `rawDataBytes` says how long it is.
 *
 * @param descriptor - of the open file
 * @param sizeBytes - of the file
 * @throws MalformedFile
 */
export function readSkeleton(descriptor: number, sizeBytes: number): Uint8Array {
  const writer = Writer.create();
  copyMessage(new FileCursor(descriptor), sizeBytes, onnxMessage('ModelProto'), writer, 1);
  return writer.finish();
}

function copyMessage(cursor: FileCursor, end: number, type: Type, writer: Writer, depth: number): void {
  if (depth > MAX_DEPTH) throw new MalformedFile(`messages are nested more than ${MAX_DEPTH} deep`);
  while (cursor.position < end) copyField(cursor, end, type, writer, depth);
  if (cursor.position > end) throw new MalformedFile(`a field passes the end of its message at byte ${end}`);
}

function copyField(cursor: FileCursor, end: number, type: Type, writer: Writer, depth: number): void {
  const start = cursor.position;
  const { tag, fieldNumber, wireType } = readTag(cursor);
  const field: Field | undefined = type.fieldsById[fieldNumber];
  const lengthBytes = readLength(cursor, wireType);
  const contentEnd = cursor.position + lengthBytes;
  if (contentEnd > end) {
    throw new MalformedFile(`a field of ${lengthBytes} bytes at byte ${start} does not fit into what follows`);
  }

  if (field?.resolvedType instanceof Type && wireType === WIRE_TYPE.lengthDelimited) {
    writer.uint32(tag).fork();
    copyMessage(cursor, contentEnd, field.resolvedType, writer, depth + 1);
    writer.ldelim();
    return;
  }
  cursor.position = contentEnd;
  if (field && !PAYLOADS.has(`${type.name}.${field.name}`)) writer.raw(cursor.since(start));
  if (field?.name === 'rawData') noteLength(writer, lengthBytes);
}

function readTag(cursor: FileCursor) {
  const start = cursor.position;
  const tag = cursor.varint();
  const fieldNumber = Math.floor(tag / 8);
  if (fieldNumber < 1 || fieldNumber >= 2 ** 29) throw new MalformedFile(`byte ${start} does not begin a field`);
  return { tag, fieldNumber, wireType: tag % 8 };
}

/** Steps over what comes before a field's content, and gives the content's length. */
function readLength(cursor: FileCursor, wireType: number): number {
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
      throw new MalformedFile(`wire type ${wireType} before byte ${cursor.position} is none that ONNX uses`);
  }
}

function noteLength(writer: Writer, lengthBytes: number): void {
  const { id } = onnxMessage('TensorProto').fields['rawDataBytes'] as Field;
  writer.uint32(id * 8 + WIRE_TYPE.varint).uint32(lengthBytes);
}
