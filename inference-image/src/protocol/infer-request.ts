import { isUtf8 } from 'node:buffer';
import { quoted } from '../base/cut-text';
import { invalid, ServingError } from '../base/errors';
import {
  arrayField,
  describe,
  type Fields,
  inInput,
  isAbsent,
  objectField,
  parametersField,
  stringField,
} from '../base/fields';
import type { Holding } from '../budget/memory-budget';
import { DATATYPES } from '../contract/constants';
import { type Datatype, elementCount, type Signature, type TensorSignature, wireShape } from '../contract/signature';
import { parseJson } from '../json/json';
import { jsonArrayBytes, readJsonArray } from '../json/json-array';
import { decodeJsonData } from '../json/json-data';
import { checkTexts, InputChecks } from '../tensor/input-checks';
import { type PackedTexts, textBytes } from '../tensor/packed-texts';
import type { TensorData, TensorHeader } from '../tensor/tensor';
import { BlobReader, countElements, readBinaryData } from './binary-data';
import { type PackedRequest, unpackRequest, type InferRequest } from './request';
import { arrayOf, parseAround, type ParsedRequest } from './request-structure';
import { OutputReader, timeoutSeconds } from './request-parameters';

/**
 * Sizes in bytes below which parsing the whole body with JSON.parse is at least as fast as the two-step reader, because
 * the structure takes most of the time. The size is smaller if the text must first be searched for long integers.
 * Measured with 64 floats and 20 integers (npm run bench:json).
 */
export const MINIMUM_BYTES = { plain: 1500, exactIntegers: 300 };

/**
 * Matches every number that JSON.parse may round to an integer: one with an exponent, or with a point and at least 16
 * digits.
 */
const MAYBE_ROUNDED = /[\d.]{17,}|\d[eE]/;

/** Limit on `id`, in characters. */
const MAX_ID_LENGTH = 1024;

/** Reads inference requests for one model. */
export class InferRequestDecoder {
  private readonly checks: InputChecks;
  private readonly outputs: OutputReader;
  private readonly raw: RawRequests;
  private readonly exactIntegers: boolean;
  private readonly minimumBytes: number;

  constructor({ inputs, outputs }: Signature) {
    this.checks = new InputChecks(inputs);
    this.outputs = new OutputReader(outputs);
    this.raw = new RawRequests(inputs, outputs);
    this.exactIntegers = inputs.some(({ datatype }) => datatype === 'INT64' || datatype === 'UINT64');
    this.minimumBytes = this.exactIntegers ? MINIMUM_BYTES.exactIntegers : MINIMUM_BYTES.plain;
  }

  /**
   * Reads a body: JSON, followed by the binary data of the inputs that have any.
   * @param jsonLength Number of bytes of JSON; 0 means that the body is the data of one tensor. @default - the whole
   * body
   * @param holding Counts the decoded data before it is allocated. @default - not counted
   */
  decode(body: Buffer, jsonLength?: number, holding?: Holding): InferRequest {
    return unpackRequest(this.decodePacked(body, jsonLength, holding));
  }

  /** Reads a body, but leaves strings as bytes. */
  decodePacked(body: Buffer, jsonLength = body.length, holding?: Holding): PackedRequest {
    if (body.length === 0) throw invalid('the body is empty; it must be an inference request');
    if (jsonLength === 0) return this.raw.decode(body, holding);
    const json = jsonOf(body, jsonLength);
    // Every request reserves at least as much memory as a small body can expand to.
    const small = json.length < this.minimumBytes ? this.tryDecodeSmall(json, body, holding) : undefined;
    return small ?? this.decodeParsed(this.parse(json), body, jsonLength, holding);
  }

  /** First step of reading a large request: parses its structure without building elements. */
  parse(json: Buffer): ParsedRequest {
    return parseAround(json, this.exactIntegers);
  }

  /**
   * Memory that the second step needs in addition to the body.
   * @param binaryLength Bytes of binary data after the JSON.
   */
  decodedBytes(parsed: ParsedRequest, binaryLength: number): number {
    const entries = arrayField(objectField(parsed.json, 'the request').inputs, 'inputs');
    const headers = this.readHeaders(entries);
    let total = binaryLength;
    for (const [i, header] of headers.entries()) {
      const { data } = entries[i] as Fields;
      try {
        if (!isAbsent(data)) total += jsonArrayBytes(header, arrayOf(parsed, data));
        else if (header.datatype === 'BYTES') total += textBytes(elementCount(header.shape), binaryLength);
      } catch (error) {
        throw inInput(header.name, error);
      }
    }
    return total;
  }

  /** Second step of reading a large request: builds its elements. */
  decodeParsed(parsed: ParsedRequest, body: Buffer, jsonLength: number, holding?: Holding): PackedRequest {
    const blobs = new BlobReader(body, jsonLength, holding);
    return this.readPacked(parsed.json, blobs, (header, data) => readJsonArray(header, arrayOf(parsed, data), holding));
  }

  /** Reads a request that is already parsed, such as a golden example. */
  read(json: unknown, blobs = new BlobReader(Buffer.alloc(0), 0), decodeData = decodeJsonData): InferRequest {
    return unpackRequest(this.readPacked(json, blobs, decodeData));
  }

  /**
   * Reads a small body with JSON.parse. Returns undefined if the two-step reader is needed, for its error messages or
   * for numbers that JSON.parse would round.
   */
  private tryDecodeSmall(json: Buffer, body: Buffer, holding?: Holding): PackedRequest | undefined {
    if (!isUtf8(json)) throw invalid('the JSON text is not UTF-8');
    const text = json.toString('utf8');
    if (this.exactIntegers && MAYBE_ROUNDED.test(text)) return undefined;
    try {
      const parsed = parseJson(text, { exactIntegers: this.exactIntegers });
      return this.readPacked(parsed, new BlobReader(body, json.length, holding), decodeJsonData);
    } catch (error) {
      // The two-step reader would not have enough memory either.
      if (error instanceof ServingError && error.kind !== 'invalid') throw error;
      return undefined;
    }
  }

  private readPacked(json: unknown, blobs: BlobReader, decodeData: DecodeData): PackedRequest {
    const request = objectField(json, 'the request');
    const entries = arrayField(request.inputs, 'inputs');
    const headers = this.readHeaders(entries);
    // The other fields are checked before the tensors, because tensors take longer.
    const id = isAbsent(request.id) ? undefined : idField(request.id);
    const parameters = parametersField(request.parameters, 'parameters');
    const outputs = this.outputs.read(request, parameters);
    const timeout = timeoutSeconds(parameters);
    const data = headers.map((header, i) => readTensorData(header, entries[i] as Fields, blobs, decodeData));
    blobs.finish();
    // Binary data is copied only after all checks.
    const inputs = headers.map(({ name, datatype, shape }, i) => ({ name, datatype, shape, data: data[i]!() }));
    return { id, inputs, ...outputs, timeoutSeconds: timeout };
  }

  private readHeaders(entries: readonly unknown[]): TensorHeader[] {
    const headers = entries.map(readHeader);
    this.checks.check(headers);
    return headers;
  }
}

function jsonOf(body: Buffer, jsonLength: number): Buffer {
  if (jsonLength === body.length) return body;
  if (jsonLength < body.length) return body.subarray(0, jsonLength);
  throw jsonTooLong(jsonLength, body.length);
}

export function jsonTooLong(jsonLength: number, bodyLength: number): ServingError {
  return invalid(`Inference-Header-Content-Length is ${jsonLength}, but the whole body has only ${bodyLength} bytes`);
}

function idField(value: unknown): string {
  const id = stringField(value, 'id');
  if (id.length <= MAX_ID_LENGTH) return id;
  throw invalid(`id has ${id.length} characters; the limit is ${MAX_ID_LENGTH} characters`);
}

type DecodeData = (header: TensorHeader, data: unknown) => TensorData | PackedTexts;

export function readHeader(entry: unknown, index: number): TensorHeader {
  const { name: text, datatype, shape } = objectField(entry, `inputs[${index}]`);
  const name = stringField(text, `inputs[${index}].name`);
  if (!isDatatype(datatype)) {
    throw inInput(name, `datatype is ${describe(datatype)}; it must be one of ${DATATYPES.join(', ')}`);
  }
  if (!isShape(shape)) {
    throw inInput(name, `shape is ${describe(shape)}; it must be an array of non-negative whole numbers`);
  }
  return { name, datatype, shape };
}

function isDatatype(value: unknown): value is Datatype {
  return DATATYPES.includes(value as Datatype);
}

function isShape(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/**
 * Reads a tensor's JSON data, or checks its binary data. @returns A function that returns the elements; if they are
 * binary, it copies them.
 */
function readTensorData(
  header: TensorHeader,
  entry: Fields,
  blobs: BlobReader,
  decodeData: DecodeData,
): () => TensorData | PackedTexts {
  try {
    return readData(header, entry, blobs, decodeData);
  } catch (error) {
    throw inInput(header.name, error);
  }
}

/** Reads the elements from `data` or from the binary data; a request must contain exactly one of them. */
function readData(
  header: TensorHeader,
  { data, parameters }: Fields,
  blobs: BlobReader,
  decodeData: DecodeData,
): () => TensorData | PackedTexts {
  const { binary_data_size: size, shared_memory_region: region } = parametersField(parameters, 'parameters');
  if (region !== undefined) throw invalid('shared memory is not supported');
  if (size === undefined) {
    if (isAbsent(data)) throw invalid('it has no data');
    const decoded = decodeData(header, data);
    return () => decoded;
  }
  if (!isAbsent(data)) throw invalid('it has both data and binary_data_size; use one of them');
  return blobs.read(header, size);
}

/**
 * Reads requests whose body contains only the bytes of one tensor, for models with one input, of which at most one
 * dimension is not fixed. All outputs are returned as binary data.
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md#raw-binary-request
 */
export class RawRequests {
  constructor(
    private readonly inputs: readonly TensorSignature[],
    private readonly outputs: readonly TensorSignature[],
  ) {}

  decode(body: Buffer, holding?: Holding): PackedRequest {
    const [input] = this.inputs;
    const shape = input ? wireShape(input) : [];
    const free = shape.indexOf(-1);
    if (!input || this.inputs.length > 1 || free !== shape.lastIndexOf(-1)) {
      throw invalid('a request without JSON needs a model with one input and at most one dimension that is not fixed');
    }
    const { name, datatype } = input;
    if (free >= 0) {
      const size = countElements(datatype, body) / elementCount(shape.toSpliced(free, 1));
      if (!Number.isSafeInteger(size)) {
        throw invalid(
          `the body has ${body.length} bytes, which is not a possible size of input ${quoted(name)}, ${datatype} of shape [${shape}]`,
        );
      }
      shape[free] = size;
    }
    checkTexts([{ name, datatype, shape }]);
    const data = readBinaryData({ name, datatype, shape }, body, holding);
    return {
      inputs: [{ name, datatype, shape, data }],
      outputs: this.outputs.map((output) => output.name),
      binary: this.outputs.map(() => true),
    };
  }
}
