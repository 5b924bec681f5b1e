import { Type, Writer, type Field } from 'protobufjs/light';
import { MAX_DEPTH, readLength, readTag, WIRE_TYPE } from '../onnx/wire-format';
import { FileCursor, MalformedFile } from './file-cursor';
import { onnxMessage } from './onnx-messages';

/** Bytes of one message that are kept of a field which may be large; 1 KiB has 128 numbers of 64 bits. */
const KEPT_BYTES = 1024;

/** Fields that may be large, and what a skeleton keeps of each message's: all of a short one, the beginning of a list. */
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

/** Fields that say how long a payload is in the file: in bytes where it has bytes, else in elements. */
const LENGTHS: Readonly<Record<string, string>> = {
  'TensorProto.rawData': 'rawDataBytes',
  'AttributeProto.floats': 'floatsCount',
  'AttributeProto.ints': 'intsCount',
  'AttributeProto.strings': 'stringsCount',
};

/**
 * Copies an ONNX file without its weights: the bytes of a ModelProto with the fields that onnx-messages.ts knows,
 * less the payloads that are long. Of a gigabyte of weights it reads as little as it would of none. Beside payloads,
 * `rawDataBytes` and `…Count` say how long they are in the file.
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

/** Lengths of the payloads of one message so far, by field. */
type Payloads = Map<Field, { bytes: number; count: number }>;

function copyMessage(cursor: FileCursor, end: number, type: Type, writer: Writer, depth: number): void {
  if (depth > MAX_DEPTH) throw new MalformedFile(`messages are nested more than ${MAX_DEPTH} deep`);
  const payloads: Payloads = new Map();
  while (cursor.position < end) copyField(cursor, end, type, writer, depth, payloads);
  if (cursor.position > end) throw new MalformedFile(`a field passes the end of its message at byte ${end}`);
  for (const [field, { bytes, count }] of payloads) {
    const length = LENGTHS[`${type.name}.${field.name}`];
    const isBytes = field.type === 'bytes' && !field.repeated;
    if (length) noteLength(writer, type.fields[length] as Field, isBytes ? bytes : count);
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
    throw new MalformedFile(`a field of ${lengthBytes} bytes at byte ${start} does not fit into what follows`);
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
  // Of a number that is a field of its own, the reader has stepped over the bytes already.
  sizes.bytes += cursor.position - (wireType === WIRE_TYPE.varint ? start : contentStart);
  const copy = kept > 0 && sizes.bytes <= kept;
  if (copy) writer.raw(cursor.since(start));
  sizes.count += countOf(field, wireType, lengthBytes, () => (copy ? cursor.since(contentStart) : undefined));
}

/** Elements in one field: several where a list is packed. Of a long list of varints its bytes, which are no fewer. */
function countOf({ type }: Field, wireType: number, lengthBytes: number, content: () => Buffer | undefined): number {
  if (wireType !== WIRE_TYPE.lengthDelimited || type === 'bytes') return 1;
  if (type === 'float') return Math.floor(lengthBytes / 4);
  return content()?.reduce((count, byte) => count + (byte < 0x80 ? 1 : 0), 0) ?? lengthBytes;
}

function noteLength(writer: Writer, { id }: Field, length: number): void {
  writer.uint32(id * 8 + WIRE_TYPE.varint).uint32(length);
}
