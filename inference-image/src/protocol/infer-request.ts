import { isUtf8 } from 'node:buffer';
import { DATATYPES, type Datatype, type Signature } from '../contract/signature';
import { invalid, ServingError } from '../errors';
import type { Run } from '../inference/executor';
import { InputChecks } from '../inference/input-checks';
import type { Tensor, TensorData, TensorHeader } from '../inference/tensor';
import { BlobReader } from './blob-reader';
import { arrayField, describe, isAbsent, objectField, parametersField, stringField, type Fields } from './fields';
import { parseJson } from './json';
import { decodeJsonData } from './json-data';
import { decodeJsonNumbers } from './json-numbers';
import { takeNumbers } from './number-arrays';
import { RawRequests } from './raw-request';
import { OutputReader } from './requested-outputs';
import { timeoutSeconds } from './schedule-policy';

export interface InferRequest extends Run {
  /** Echoed in the response. */
  readonly id?: string;
  /** For each of `outputs`, whether it is answered as bytes after the JSON rather than as JSON. */
  readonly binary: readonly boolean[];
  /** How long it may wait for its run. @default - as long as any */
  readonly timeoutSeconds?: number;
  /** How long it has waited already, to be read. @default 0 */
  readonly waitedSeconds?: number;
}

/**
 * Below it JSON.parse of everything is as fast, for what is around the numbers counts for more. It is sooner where a
 * text has to be searched for long integers first. (64 floats and 20 integers, npm run bench:json.)
 */
export const MINIMUM_BYTES = { plain: 1500, exactIntegers: 300 };

const NOT_NUMBERS = new Error('not an array of numbers');

/** Reads inference requests to one model. */
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
   * Reads a body: JSON, then the binary data of those inputs that have some.
   * @param jsonLength Bytes of JSON; 0 means that the body is one tensor and nothing else. @default - all of the body
   */
  decode(body: Buffer, jsonLength = body.length): InferRequest {
    if (body.length === 0) throw invalid('the body is empty; it must be an inference request');
    if (jsonLength === 0) return this.raw.decode(body);
    if (jsonLength > body.length) {
      throw invalid(`Inference-Header-Content-Length is ${jsonLength}; the whole body has ${body.length} bytes`);
    }
    const json = jsonLength === body.length ? body : body.subarray(0, jsonLength);
    const numbers = json.length < this.minimumBytes ? undefined : this.decodeNumbers(json, body);
    return numbers ?? this.decodeText(json, body);
  }

  /** Reads a request that is parsed already, as golden examples are. */
  read(json: unknown, blobs = new BlobReader(Buffer.alloc(0), 0), decodeData = decodeJsonData): InferRequest {
    const request = objectField(json, 'the request');
    const entries = arrayField(request.inputs, 'inputs');
    const headers = entries.map(readHeader);
    this.checks.check(headers);
    const inputs = headers.map((header, i) => readTensor(header, entries[i] as Fields, blobs, decodeData));
    blobs.finish();
    const id = isAbsent(request.id) ? undefined : stringField(request.id, 'id');
    const parameters = parametersField(request.parameters, 'parameters');
    const outputs = this.outputs.read(request, parameters);
    return { id, inputs, ...outputs, timeoutSeconds: timeoutSeconds(parameters) };
  }

  private decodeText(json: Buffer, body: Buffer): InferRequest {
    if (!isUtf8(json)) throw invalid('the JSON text is not UTF-8');
    const parsed = parseJson(json.toString('utf8'), { exactIntegers: this.exactIntegers });
    return this.read(parsed, new BlobReader(body, json.length));
  }

  /** The same for a larger request of numbers alone, in less time. Whatever else it holds is for `decodeText` to say. */
  private decodeNumbers(json: Buffer, body: Buffer): InferRequest | undefined {
    const taken = takeNumbers(json);
    if (!taken) return undefined;
    const blobs = new BlobReader(body, json.length);
    let next = 0;
    try {
      const request = this.read(parseJson(taken.text, { exactIntegers: this.exactIntegers }), blobs, (header, data) => {
        const numbers = data === next ? decodeJsonNumbers(header, taken.arrays[next++] as Buffer) : undefined;
        if (!numbers) throw NOT_NUMBERS;
        return numbers;
      });
      // One that no input took has not been read: who knows whether it is JSON.
      return next === taken.arrays.length ? request : undefined;
    } catch {
      return undefined;
    }
  }
}

type DecodeData = typeof decodeJsonData;

export function readHeader(entry: unknown, index: number): TensorHeader {
  const { name: text, datatype, shape } = objectField(entry, `inputs[${index}]`);
  const name = stringField(text, `inputs[${index}].name`);
  if (!isDatatype(datatype)) {
    throw inInput(name, `datatype is ${describe(datatype)}; it must be one of ${DATATYPES.join(', ')}`);
  }
  if (!isShape(shape)) {
    throw inInput(name, `shape is ${describe(shape)}; it must be an array of whole numbers, none negative`);
  }
  return { name, datatype, shape };
}

function isDatatype(value: unknown): value is Datatype {
  return DATATYPES.includes(value as Datatype);
}

function isShape(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function readTensor(header: TensorHeader, entry: Fields, blobs: BlobReader, decodeData: DecodeData): Tensor {
  const { name, datatype, shape } = header;
  try {
    return { name, datatype, shape, data: readData(header, entry, blobs, decodeData) };
  } catch (error) {
    throw inInput(name, error);
  }
}

/** Exactly one of `data` and `parameters.binary_data_size` gives the elements. */
function readData(
  header: TensorHeader,
  { data, parameters }: Fields,
  blobs: BlobReader,
  decodeData: DecodeData,
): TensorData {
  const { binary_data_size: size, shared_memory_region: region } = parametersField(parameters, 'parameters');
  if (region !== undefined) throw invalid('shared memory is not supported');
  if (size === undefined) {
    if (isAbsent(data)) throw invalid('it has no data');
    return decodeData(header, data);
  }
  if (!isAbsent(data)) throw invalid('it has both data and binary_data_size; it takes one of them');
  return blobs.read(header, size);
}

/** The problem, if it is the request's, with the input it is in. */
export function inInput(name: string, problem: unknown): unknown {
  const isRequests = problem instanceof ServingError && problem.kind === 'invalid';
  const message = isRequests ? problem.message : problem;
  return typeof message === 'string' ? invalid(`input ${JSON.stringify(name)}: ${message}`) : problem;
}
