import { randomBytes } from 'node:crypto';
import type { PictureInput } from '../../inference-image/src/contract/picture-input';
import type { Datatype } from '../../inference-image/src/contract/signature';
import { encodeInfer } from '../fuzz/grpc-message';
import { PICTURE } from '../support/picture-input';
import { png } from '../support/png';
import { ELEM_OF, type Dim, type Elem } from '../support/onnx-builder';

/** Request over HTTP or gRPC. */
export interface Sent {
  readonly body?: Buffer;
  readonly headers?: Record<string, string>;
  readonly gzip?: boolean;
  /** @default 200 */
  readonly status?: number;
  /** Message to send over gRPC; replaces `body`. */
  readonly grpcMessage?: Buffer;
}

/** Kind of request to an identity model. */
export interface Form {
  readonly name: string;
  readonly elem: Elem;
  readonly dims: Dim[];
  /** Picture input of the model; set only if the model accepts pictures. */
  readonly picture?: PictureInput;
  /** Returns a request of about this size. */
  request(bytes: number): Sent;
}

const BYTES_OF: Partial<Record<Datatype, number>> = { FP16: 2, FP32: 4, FP64: 8, INT64: 8, UINT8: 1, BOOL: 1 };
const MAX_TEXTS = 65_536;

export const FORMS: readonly Form[] = [
  json('FP32', '0'),
  json('FP32', '-0.12345678901234567'),
  json('FP32', '"NaN"'),
  json('FP32', '0', { columns: 1 }),
  json('FP32', '0', { columns: 4, what: 'indented', separator: ',\n      ' }),
  json('FP32', '0', { what: 'in gzip', gzip: true }),
  json('FP32', '0', { what: 'and a wrong last one', last: '"x"', status: 400 }),
  json('FP64', '0'),
  json('FP64', '0.12345678901234567'),
  json('INT64', '0'),
  json('INT64', '-9223372036854775807'),
  json('UINT8', '0'),
  json('INT32', '-2147483648'),
  json('BOOL', 'true'),
  json('BYTES', (bytes) => `"${'a'.repeat(Math.ceil(bytes / MAX_TEXTS))}"`),
  json('BYTES', (bytes) => `"${'\\u00e9'.repeat(Math.ceil(bytes / MAX_TEXTS / 6))}"`, { what: 'of escapes' }),
  json('BYTES', (bytes) => `"${'é'.repeat(bytes / 2)}"`, { what: 'one string' }),
  ...(['FP32', 'FP64', 'INT64', 'UINT8', 'BOOL'] as const).map(answer),
  ...(['FP16', 'FP32', 'FP64', 'UINT8', 'BOOL'] as const).map(raw),
  rawTexts('many', (bytes) => bytes / MAX_TEXTS - 4 + 1),
  rawTexts('one', (bytes) => bytes - 4),
  picture(),
  grpc('FP32, raw', 'FP32', (bytes) => ({
    inputs: [input('FP32', bytes / 4)],
    raw_input_contents: [Buffer.alloc(bytes)],
  })),
  grpc('FP32, typed', 'FP32', (bytes) => ({
    inputs: [{ ...input('FP32', bytes / 4), contents: { fp32_contents: new Array(bytes / 4).fill(0.5) } }],
  })),
  grpc('INT64, typed', 'INT64', (bytes) => ({
    inputs: [{ ...input('INT64', bytes / 2), contents: { int64_contents: new Array(bytes / 2).fill(200) } }],
  })),
];

interface JsonOptions {
  /** Number of columns, if the rows are nested. @default - the data is a flat list */
  readonly columns?: number;
  readonly what?: string;
  readonly separator?: string;
  readonly gzip?: boolean;
  readonly last?: string;
  readonly status?: number;
}

/** JSON request that is answered with binary data, so that mainly the reading of the request is measured. */
function json(datatype: Datatype, element: string | ((bytes: number) => string), options: JsonOptions = {}): Form {
  const { columns, what = '', separator = ',', gzip, last, status } = options;
  const shown = typeof element === 'string' ? element : 'texts';
  return {
    name: `JSON, ${datatype}, ${shown}${columns ? `, rows of ${columns}` : ''}${what && `, ${what}`}`,
    elem: ELEM_OF[datatype],
    dims: columns ? ['n', columns] : ['n'],
    request: (bytes) => {
      const text = typeof element === 'string' ? element : element(bytes);
      const row = columns ? `[${new Array(columns).fill(text).join(separator)}]` : text;
      const count = Math.max(
        1,
        Math.min(Math.floor((bytes - 500) / (row.length + separator.length)), columns ? Infinity : limit(datatype)),
      );
      const shape = columns ? [count, columns] : [count];
      const rows = new Array<string>(count).fill(row);
      if (last) rows[count - 1] = last;
      const input = `{"name":"x","datatype":"${datatype}","shape":[${shape}],"data":[${rows.join(separator)}]}`;
      const headers: Sent['headers'] = gzip ? { 'content-encoding': 'gzip' } : {};
      const body = Buffer.from(`{"parameters":{"binary_data_output":true},"inputs":[${input}]}`);
      return { body, gzip, status, headers };
    },
  };
}

function limit(datatype: Datatype): number {
  return datatype === 'BYTES' ? MAX_TEXTS : Infinity;
}

/** Binary request that is answered in JSON. */
function answer(datatype: Datatype): Form {
  return {
    name: `answered as JSON, ${datatype}`,
    elem: ELEM_OF[datatype],
    dims: ['n'],
    request: (bytes) => {
      const count = bytes / BYTES_OF[datatype]!;
      const parameters = { binary_data_size: bytes };
      const text = JSON.stringify({ inputs: [{ name: 'x', datatype, shape: [count], parameters }] });
      const data = Buffer.alloc(bytes, datatype === 'FP32' ? Buffer.from(Float32Array.of(0.1, -12.345).buffer) : 0);
      return {
        body: Buffer.concat([Buffer.from(text), data]),
        headers: { 'inference-header-content-length': String(text.length) },
      };
    },
  };
}

/** Raw bytes of one tensor, in both the request and the answer. */
function raw(datatype: Datatype): Form {
  return {
    name: `binary, ${datatype}`,
    elem: ELEM_OF[datatype],
    dims: ['n'],
    request: (bytes) => ({ body: Buffer.alloc(bytes), headers: { 'inference-header-content-length': '0' } }),
  };
}

function rawTexts(what: string, textBytes: (bytes: number) => number): Form {
  return {
    name: `binary, BYTES, ${what}`,
    elem: 'string',
    dims: ['n'],
    request: (bytes) => {
      const length = Math.max(1, Math.floor(textBytes(bytes)) - 1);
      const text = Buffer.concat([Buffer.from(Uint32Array.of(length).buffer), Buffer.alloc(length, 'a')]);
      const count = Math.min(MAX_TEXTS, Math.floor(bytes / text.length));
      return { body: Buffer.concat(new Array(count).fill(text)), headers: { 'inference-header-content-length': '0' } };
    },
  };
}

/** PNG file of incompressible noise, for a model that accepts pictures 16 pixels wide and 8 pixels high. */
function picture(): Form {
  const picture: PictureInput = { ...PICTURE, shape: [1, 8, 16, 3], width: 16, height: 8, maxPixels: 16_000_000 };
  return {
    name: 'picture, PNG',
    elem: 'uint8',
    dims: ['n', 8, 16, 3],
    picture,
    request: (bytes) => {
      const width = 1024;
      const rows = Array.from({ length: Math.floor(bytes / (3 * width)) }, () => [...randomBytes(3 * width)]);
      return { body: png('rgb', width, rows), headers: { 'content-type': 'image/png' } };
    },
  };
}

function input(datatype: Datatype, count: number) {
  return { name: 'x', datatype, shape: [count] };
}

function grpc(what: string, datatype: Datatype, request: (bytes: number) => object): Form {
  return {
    name: `gRPC, ${what}`,
    elem: ELEM_OF[datatype],
    dims: ['n'],
    request: (bytes) => {
      return { grpcMessage: encodeInfer({ model_name: 'm', ...request(bytes) }) };
    },
  };
}
