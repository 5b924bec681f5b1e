import type { Signature } from '../contract/signature';
import { invalid } from '../base/errors';
import type { Fields } from '../base/fields';
import { MAX_FIELDS, tagOf, WIRE, WireReader } from './wire-format';

/** Maximum length of a name that is read. A longer one cannot be valid, and is cut for error messages. */
const MAX_NAME_BYTES = 4096;
/** Limit on the parameters of a request, an input or an output. */
const MAX_PARAMETERS = 64;
/**
 * Maximum number of dimensions that are read, which is more than any tensor has. Further dimensions are ignored,
 * because the shape cannot match anyway.
 */
const MAX_RANK = 64;
/** Limit on the id, which the answer repeats. */
const MAX_ID_BYTES = 1024;

/** A range of the message's bytes. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface InputMessage {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly parameters: Fields;
  readonly contents?: Range;
}

interface OutputMessage {
  readonly name: string;
  readonly parameters: Fields;
}

/**
 * A ModelInferRequest without its elements. The signature bounds its size, however large the message is. It may contain
 * one input and one output more than the model has, so that the checks can refuse them.
 */
export interface InferMessage {
  readonly bytes: Buffer;
  modelName: string;
  modelVersion: string;
  id: string;
  parameters: Fields;
  readonly inputs: InputMessage[];
  readonly outputs: OutputMessage[];
  readonly raw: Range[];
}

const NO_PARAMETERS: Fields = Object.freeze({});

const REQUEST = {
  modelName: tagOf(1, WIRE.bytes),
  modelVersion: tagOf(2, WIRE.bytes),
  id: tagOf(3, WIRE.bytes),
  parameters: tagOf(4, WIRE.bytes),
  inputs: tagOf(5, WIRE.bytes),
  outputs: tagOf(6, WIRE.bytes),
  raw: tagOf(7, WIRE.bytes),
} as const;

const INPUT = {
  name: tagOf(1, WIRE.bytes),
  datatype: tagOf(2, WIRE.bytes),
  size: tagOf(3, WIRE.varint),
  shape: tagOf(3, WIRE.bytes),
  parameters: tagOf(4, WIRE.bytes),
  contents: tagOf(5, WIRE.bytes),
} as const;

const OUTPUT = { name: tagOf(1, WIRE.bytes), parameters: tagOf(2, WIRE.bytes) } as const;

const ENTRY = { key: tagOf(1, WIRE.bytes), value: tagOf(2, WIRE.bytes) } as const;

const PARAMETER = {
  bool: tagOf(1, WIRE.varint),
  int64: tagOf(2, WIRE.varint),
  string: tagOf(3, WIRE.bytes),
  double: tagOf(4, WIRE.fixed64),
  uint64: tagOf(5, WIRE.varint),
} as const;

/**
 * Reads the structure of a ModelInferRequest:
 * https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/open_inference_grpc.proto
 * @throws WireError if the bytes are not a valid message.
 */
export function readInferMessage(bytes: Buffer, { inputs, outputs }: Signature): InferMessage {
  const message: InferMessage = {
    bytes,
    modelName: '',
    modelVersion: '',
    id: '',
    parameters: NO_PARAMETERS,
    inputs: [],
    outputs: [],
    raw: [],
  };
  // Allows more inputs and outputs than are valid, so that an error can report their number.
  const wire = new WireReader(bytes, 0, bytes.length, MAX_FIELDS + 2 * inputs.length + outputs.length);
  const parameters = new ParameterReader('parameters');
  while (wire.next()) {
    switch (wire.tag) {
      case REQUEST.modelName:
        message.modelName = textOf(wire);
        break;
      case REQUEST.modelVersion:
        message.modelVersion = textOf(wire);
        break;
      case REQUEST.id:
        message.id = idOf(wire);
        break;
      case REQUEST.parameters:
        message.parameters = parameters.add(wire);
        break;
      case REQUEST.inputs:
        wire.range();
        if (message.inputs.length <= inputs.length) message.inputs.push(readInput(wire.inner(), message.inputs.length));
        break;
      case REQUEST.outputs:
        wire.range();
        if (message.outputs.length <= outputs.length)
          message.outputs.push(readOutput(wire.inner(), message.outputs.length));
        break;
      case REQUEST.raw:
        wire.range();
        message.raw.push({ from: wire.from, to: wire.to });
        break;
      default:
        wire.skip();
    }
  }
  return message;
}

function readInput(wire: WireReader, index: number): InputMessage {
  let name = '';
  let datatype = '';
  let contents: Range | undefined;
  let parameters = NO_PARAMETERS;
  let reader: ParameterReader | undefined;
  const shape: number[] = [];
  while (wire.next()) {
    switch (wire.tag) {
      case INPUT.name:
        name = textOf(wire);
        break;
      case INPUT.datatype:
        datatype = textOf(wire);
        break;
      case INPUT.size:
        wire.varint();
        if (shape.length <= MAX_RANK) shape.push(wire.int64);
        break;
      case INPUT.shape:
        readSizes(wire, shape);
        break;
      case INPUT.parameters:
        parameters = (reader ??= new ParameterReader(`inputs[${index}].parameters`)).add(wire);
        break;
      case INPUT.contents:
        wire.range();
        // Protobuf would merge repeated `contents`, which no client writes.
        if (contents) throw invalid(`inputs[${index}].contents is given twice`);
        contents = { from: wire.from, to: wire.to };
        break;
      default:
        wire.skip();
    }
  }
  return { name, datatype, shape, parameters, contents };
}

/** Reads the sizes of a shape, up to one more than the limit. */
function readSizes(wire: WireReader, shape: number[]): void {
  wire.range();
  const { to } = wire;
  const sizes = wire.inner();
  while (sizes.at < to && shape.length <= MAX_RANK) {
    sizes.varint();
    shape.push(sizes.int64);
  }
}

function readOutput(wire: WireReader, index: number): OutputMessage {
  let name = '';
  let parameters = NO_PARAMETERS;
  let reader: ParameterReader | undefined;
  while (wire.next()) {
    if (wire.tag === OUTPUT.name) name = textOf(wire);
    else if (wire.tag === OUTPUT.parameters)
      parameters = (reader ??= new ParameterReader(`outputs[${index}].parameters`)).add(wire);
    else wire.skip();
  }
  return { name, parameters };
}

/** Limit on the fields of a parameter, and on the fields of its value. Both normally have one or two. */
const MAX_PARAMETER_FIELDS = 8;

/** Collects the entries of a parameter map, each of which is a separate field of the message. */
class ParameterReader {
  private readonly parameters: Record<string, unknown> = Object.create(null);
  private count = 0;

  constructor(private readonly path: string) {}

  /** Reads the next entry; returns all entries so far. */
  add(wire: WireReader): Fields {
    if (++this.count > MAX_PARAMETERS) throw invalid(`${this.path} has more than ${MAX_PARAMETERS} entries`);
    wire.range();
    const entry = wire.inner(MAX_PARAMETER_FIELDS);
    let name = '';
    let value: unknown;
    while (entry.next()) {
      if (entry.tag === ENTRY.key) name = textOf(entry);
      else if (entry.tag === ENTRY.value) {
        entry.range();
        value = readParameter(entry.inner(MAX_PARAMETER_FIELDS), value);
      } else entry.skip();
    }
    this.parameters[name] = value;
    return this.parameters;
  }
}

/** Reads a parameter. @param value Value read from earlier fields, because protobuf merges repeated messages. */
function readParameter(wire: WireReader, value: unknown): unknown {
  while (wire.next()) {
    switch (wire.tag) {
      case PARAMETER.bool:
        wire.varint();
        value = (wire.low | wire.high) !== 0;
        break;
      case PARAMETER.int64:
        wire.varint();
        value = wholeNumber(wire.int64, BigInt.asIntN, wire);
        break;
      case PARAMETER.uint64:
        wire.varint();
        value = wholeNumber((wire.high >>> 0) * 2 ** 32 + (wire.low >>> 0), BigInt.asUintN, wire);
        break;
      case PARAMETER.string:
        value = textOf(wire);
        break;
      case PARAMETER.double:
        wire.fixed(8);
        value = wire.bytes.readDoubleLE(wire.from);
        break;
      default:
        wire.skip();
    }
  }
  return value;
}

function wholeNumber(
  number: number,
  as: (bits: number, value: bigint) => bigint,
  { low, high }: WireReader,
): number | bigint {
  if (Number.isSafeInteger(number)) return number;
  return as(64, (BigInt(high) << 32n) | BigInt(low >>> 0));
}

function textOf(wire: WireReader): string {
  wire.range();
  return wire.text(MAX_NAME_BYTES);
}

function idOf(wire: WireReader): string {
  wire.range();
  const length = wire.to - wire.from;
  if (length > MAX_ID_BYTES) throw invalid(`id has ${length} bytes; the limit is ${MAX_ID_BYTES} bytes`);
  return wire.text(MAX_ID_BYTES);
}
