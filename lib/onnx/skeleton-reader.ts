import { Type, Writer, type Field } from 'protobufjs/light';
import { MAX_DEPTH, readLength, readTag, WIRE_TYPE } from './wire-format';
import { FileCursor, MalformedFile } from './file-cursor';
import { onnxMessage } from './onnx-messages';

/** Maximum number of bytes to keep of each payload field in a message; 1 KiB holds 128 64-bit numbers. */
const KEPT_BYTES = 1024;

/**
 * Fields that may be large, each with the number of bytes that a skeleton keeps. Short payloads are kept entirely; of
 * longer lists, only the start is kept.
 */
const PAYLOADS: Readonly<Record<string, number>> = {
  'TensorProto.rawData': KEPT_BYTES,
  'TensorProto.floatData': KEPT_BYTES,
  'TensorProto.int32Data': KEPT_BYTES,
  'TensorProto.int64Data': KEPT_BYTES,
  'TensorProto.doubleData': KEPT_BYTES,
  'TensorProto.uint64Data': KEPT_BYTES,
  'TensorProto.stringData': KEPT_BYTES,
  'AttributeProto.s': KEPT_BYTES,
  'AttributeProto.floats': KEPT_BYTES,
  'AttributeProto.ints': KEPT_BYTES,
  'AttributeProto.strings': KEPT_BYTES,
};

/** Fields that record the length of a payload in the file: in bytes for byte strings, in elements for lists. */
const LENGTHS: Readonly<Record<string, string>> = {
  'TensorProto.rawData': 'rawDataBytes',
  'AttributeProto.floats': 'floatsCount',
  'AttributeProto.ints': 'intsCount',
  'AttributeProto.strings': 'stringsCount',
};

/**
 * Copies an ONNX file without its weights. The copy is a ModelProto with the fields of onnx-messages.ts but without
 * long payloads. `rawDataBytes` and `…Count` record the lengths of payloads in the file. The payloads are skipped, so
 * the number of bytes read does not grow with the weights.
 *
 * @param descriptor - descriptor of the open file
 * @param sizeBytes - size of the file
 * @throws MalformedFile
 */
export function readSkeleton(descriptor: number, sizeBytes: number): Uint8Array {
  const writer = Writer.create();
  copyMessage(new FileCursor(descriptor), sizeBytes, onnxMessage('ModelProto'), writer, 1);
  return writer.finish();
}

/** Lengths of the payloads read so far in one message, by field. */
type Payloads = Map<Field, { bytes: number; count: number }>;

function copyMessage(cursor: FileCursor, end: number, type: Type, writer: Writer, depth: number): void {
  if (depth > MAX_DEPTH) throw new MalformedFile(`messages are nested more than ${MAX_DEPTH} levels deep`);
  const payloads: Payloads = new Map();
  while (cursor.position < end) copyField(cursor, end, type, writer, depth, payloads);
  if (cursor.position > end) throw new MalformedFile(`a field extends beyond its message, which ends at byte ${end}`);
  for (const [field, { bytes, count }] of payloads) {
    const length = LENGTHS[`${type.name}.${field.name}`];
    const isBytes = field.type === 'bytes' && !field.repeated;
    if (length) writeLength(writer, type.fields[length] as Field, isBytes ? bytes : count);
  }
}

function copyField(
  cursor: FileCursor,
  end: number,
  type: Type,
  writer: Writer,
  depth: number,
  payloads: Payloads,
): void {
  const start = cursor.position;
  const { tag, fieldNumber, wireType } = readTag(cursor);
  const field: Field | undefined = type.fieldsById[fieldNumber];
  const lengthBytes = readLength(cursor, wireType);
  const contentStart = cursor.position;
  const contentEnd = contentStart + lengthBytes;
  if (contentEnd > end) {
    throw new MalformedFile(`the field of ${lengthBytes} bytes at byte ${start} extends beyond its message`);
  }

  if (field?.resolvedType instanceof Type && wireType === WIRE_TYPE.lengthDelimited) {
    writer.uint32(tag).fork();
    copyMessage(cursor, contentEnd, field.resolvedType, writer, depth + 1);
    writer.ldelim();
    return;
  }
  cursor.position = contentEnd;
  if (!field) return;
  const kept = PAYLOADS[`${type.name}.${field.name}`];
  if (kept === undefined) {
    writer.raw(cursor.since(start));
    return;
  }
  const sizes = payloads.get(field) ?? { bytes: 0, count: 0 };
  payloads.set(field, sizes);
  // The reader has already consumed the bytes of a varint field.
  sizes.bytes += cursor.position - (wireType === WIRE_TYPE.varint ? start : contentStart);
  const copy = kept > 0 && sizes.bytes <= kept;
  if (copy) writer.raw(cursor.since(start));
  sizes.count += countOf(field, wireType, lengthBytes, () => (copy ? cursor.since(contentStart) : undefined));
}

/**
 * Number of elements in one field; a packed list has several. For a long list of varints, returns its length in bytes,
 * which is an upper bound.
 */
function countOf({ type }: Field, wireType: number, lengthBytes: number, content: () => Buffer | undefined): number {
  if (wireType !== WIRE_TYPE.lengthDelimited || type === 'bytes') return 1;
  if (type === 'float') return Math.floor(lengthBytes / 4);
  return content()?.reduce((count, byte) => count + (byte < 0x80 ? 1 : 0), 0) ?? lengthBytes;
}

function writeLength(writer: Writer, { id }: Field, length: number): void {
  writer.uint32(id * 8 + WIRE_TYPE.varint).uint32(length);
}
