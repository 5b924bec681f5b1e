import type { Settings } from '../../inference-image/src/contract/settings';
import { identity, node, value, type ModelParts } from '../support/onnx-builder';

export interface FuzzTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  /** Elements as JSON; undefined if they have no JSON form. */
  readonly json?: string;
  readonly bytes: Buffer;
}

/** Model, with a valid request and the correct answer. */
export interface FuzzModel {
  readonly parts: ModelParts;
  /** Settings of its server. */
  readonly settings?: Partial<Settings>;
  readonly inputs: readonly FuzzTensor[];
  readonly output: FuzzTensor;
}

const FLOATS = { datatype: 'FP32', shape: [3], json: '[1.5,-2,0.1]', bytes: bytesOf(Float32Array.of(1.5, -2, 0.1)) };
const TEXTS = { datatype: 'BYTES', shape: [2], json: '["a\\"","ü"]', bytes: Buffer.from('\x02\0\0\0a"\x02\0\0\0ü') };
const INT64S = {
  datatype: 'INT64',
  shape: [1, 2],
  json: '[-1,9007199254740993]',
  bytes: bytesOf(BigInt64Array.of(-1n, 9007199254740993n)),
};
const HALVES = { datatype: 'FP16', shape: [1, 2], bytes: bytesOf(Uint16Array.of(0x3c00, 0xc000)) };

/** Models for each separate code path of the server: floats, strings, 64-bit integers, FP16, and several inputs. */
export const MODELS: readonly FuzzModel[] = [
  identityOf(identity('float', ['n']), FLOATS),
  identityOf(identity('string', ['n']), TEXTS),
  identityOf(identity('int64', ['batch', 2]), INT64S),
  identityOf(identity('float16', ['batch', 2]), HALVES),
  {
    parts: {
      inputs: [value('a', 'float', ['batch', 3]), value('b', 'float', ['batch', 3])],
      outputs: [value('sum', 'float', ['batch', 3])],
      nodes: [node('Add', ['a', 'b'], ['sum'])],
    },
    // With this log level, inference requests also go through the router.
    settings: { logLevel: 'debug' },
    inputs: ['a', 'b'].map((name) => ({ ...FLOATS, name, shape: [1, 3] })),
    output: {
      name: 'sum',
      datatype: 'FP32',
      shape: [1, 3],
      json: '[3,-4,0.2]',
      bytes: bytesOf(Float32Array.of(3, -4, 0.2)),
    },
  },
];

function identityOf(parts: ModelParts, tensor: Omit<FuzzTensor, 'name'>): FuzzModel {
  return { parts, inputs: [{ ...tensor, name: 'x' }], output: { ...tensor, name: 'y' } };
}

function bytesOf({ buffer }: { buffer: ArrayBufferLike }): Buffer {
  return Buffer.from(buffer as ArrayBuffer);
}
