import { isUtf8 } from 'node:buffer';
import type { Holding } from '../budget/holding';
import { DATATYPES } from '../contract/constants';
import { type Datatype, elementCount, type Signature } from '../contract/signature';
import { invalid, ServingError } from '../base/errors';
import type { Run } from '../inference/executor';
import { InputChecks } from '../tensor/input-checks';
import type { TensorData, TensorHeader } from '../tensor/tensor';
import { BlobReader } from './blob-reader';
import {
  arrayField,
  describe,
  inInput,
  isAbsent,
  objectField,
  parametersField,
  stringField,
  type Fields,
} from '../base/fields';
import { parseJson } from '../json/json';
import { jsonArrayBytes, readJsonArray } from '../json/json-array';
import { decodeJsonData } from '../json/json-data';
import { unpackRequest, type PackedRequest } from './packed-request';
import { textBytes, type PackedTexts } from '../tensor/packed-texts';
import { arrayOf, parseAround, type ParsedRequest } from './parsed-request';
import { RawRequests } from './raw-request';
import { OutputReader } from './requested-outputs';
import { timeoutSeconds } from './schedule-policy';

export { inInput };

export interface InferRequest extends Run {
  /** Id that the response repeats. */
  readonly id?: string;
  /** For each of `outputs`, whether it is returned as binary data after the JSON. */
  readonly binary: readonly boolean[];
  /** Maximum time that the request may wait for its run. @default - no limit */
  readonly timeoutSeconds?: number;
  /** Time that the request has already waited to be decoded. @default 0 */
  readonly waitedSeconds?: number;
}

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
