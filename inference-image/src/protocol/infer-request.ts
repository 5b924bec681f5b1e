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
}

/** Reads inference requests to one model. */
export class InferRequestDecoder {
  private readonly checks: InputChecks;
  private readonly outputs: OutputReader;
  private readonly raw: RawRequests;
  private readonly exactIntegers: boolean;

  constructor({ inputs, outputs }: Signature) {
    this.checks = new InputChecks(inputs);
    this.outputs = new OutputReader(outputs);
    this.raw = new RawRequests(inputs, outputs);
    this.exactIntegers = inputs.some(({ datatype }) => datatype === 'INT64' || datatype === 'UINT64');
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
    const text = jsonLength === body.length ? body : body.subarray(0, jsonLength);
    if (!isUtf8(text)) throw invalid('the JSON text is not UTF-8');
    const json = parseJson(text.toString('utf8'), { exactIntegers: this.exactIntegers });
    return this.read(json, new BlobReader(body, jsonLength));
  }

  /** Reads a request that is parsed already, as golden examples are. */
  read(json: unknown, blobs = new BlobReader(Buffer.alloc(0), 0)): InferRequest {
    const request = objectField(json, 'the request');
    const entries = arrayField(request.inputs, 'inputs');
    const headers = entries.map(readHeader);
    this.checks.check(headers);
    const inputs = headers.map((header, i) => readTensor(header, entries[i] as Fields, blobs));
    blobs.finish();
    const id = isAbsent(request.id) ? undefined : stringField(request.id, 'id');
    const parameters = parametersField(request.parameters, 'parameters');
    const outputs = this.outputs.read(request, parameters);
    return { id, inputs, ...outputs, timeoutSeconds: timeoutSeconds(parameters) };
  }
}

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

function readTensor(header: TensorHeader, entry: Fields, blobs: BlobReader): Tensor {
  const { name, datatype, shape } = header;
  try {
    return { name, datatype, shape, data: readData(header, entry, blobs) };
  } catch (error) {
    throw inInput(name, error);
  }
}

/** Exactly one of `data` and `parameters.binary_data_size` gives the elements. */
function readData(header: TensorHeader, { data, parameters }: Fields, blobs: BlobReader): TensorData {
  const { binary_data_size: size, shared_memory_region: region } = parametersField(parameters, 'parameters');
  if (region !== undefined) throw invalid('shared memory is not supported');
  if (size === undefined) {
    if (isAbsent(data)) throw invalid('it has no data');
    return decodeJsonData(header, data);
  }
  if (!isAbsent(data)) throw invalid('it has both data and binary_data_size; it takes one of them');
  return blobs.read(header, size);
}

/** The problem, if it is the request's, with the input it is in. */
export function inInput(name: string, problem: unknown): unknown {
  const message = problem instanceof ServingError ? problem.message : problem;
  return typeof message === 'string' ? invalid(`input ${JSON.stringify(name)}: ${message}`) : problem;
}
