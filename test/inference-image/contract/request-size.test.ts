import type { BatchingVerdict } from '../../../inference-image/src/contract/batching-verdict';
import {
  defaultMaxRequestBytes,
  exampleSizesOf,
  requestCost,
  type RequestSizeFacts,
} from '../../../inference-image/src/contract/request-size';
import { DATATYPES } from '../../../inference-image/src/contract/constants';
import { type Datatype, type Dimension } from '../../../inference-image/src/contract/signature';

const MIB = 1024 ** 2;
const NO_EXAMPLES = { requestBytes: 0, answerBytes: 0 };
const example = (requestBytes: number) => ({ exampleSizes: { requestBytes, answerBytes: 0 } });

type Inputs = ReadonlyArray<readonly [Datatype, Dimension[]]>;

/** Default of `maxRequestBytes` in MiB. */
function byDefault(inputs: Inputs, facts: Partial<RequestSizeFacts> = {}): number {
  const tensors = inputs.map(([datatype, dimensions], i) => ({ name: `x${i}`, datatype, dimensions }));
  const signature = { inputs: tensors, outputs: tensors };
  return defaultMaxRequestBytes({ signature, exampleSizes: NO_EXAMPLES, ...facts }) / MIB;
}

describe('the default of maxRequestBytes', () => {
  test.each<[string, Inputs, number]>([
    ['1 MiB for a batch of small rows', [['FP32', ['batch', 64]]], 1],
    ['the size of a batch in JSON, in whole MiB', [['FP32', ['batch', 3, 32, 32]]], 3],
    [
      'the size of a batch of all inputs',
      [
        ['INT64', [null, 1000]],
        ['INT64', [null, 1000]],
      ],
      2,
    ],
    ['16 MiB if a batch takes more', [['FP32', ['batch', 3, 224, 224]]], 16],
    ['the size of a row that takes more than 16 MiB', [['FP32', ['batch', 3, 1024, 1024]]], 67],
    ['the size of one row if the number of rows is fixed', [['FP32', [1, 3, 224, 224]]], 4],
    ['16 MiB if the size of a row is unknown', [['FP32', ['batch', 3, 'height', 'width']]], 16],
    ['16 MiB if the length of a sequence is unknown', [['INT64', ['batch', 'sequence']]], 16],
    ['1 MiB for a scalar', [['FP32', []]], 1],
    ['at most the maximum of the setting', [['FP64', [100_000, 100_000]]], (2 ** 31 - 1) / MIB],
    ['8 MiB for a batch of 1,000 strings of the assumed size', [['BYTES', ['batch', 1000]]], 8],
  ])('is %s', (_, inputs, mebibytes) => {
    expect(byDefault(inputs)).toBe(mebibytes);
  });

  test('follows the size of a batch', () => {
    const image: Inputs = [['FP32', ['batch', 3, 32, 32]]];
    expect([1, 8, 128, 1000].map((maxBatchSize) => byDefault(image, { maxBatchSize }))).toEqual([1, 1, 9, 16]);
  });

  test('counts rows on the row axes of the verdict', () => {
    const batching: BatchingVerdict = { verdict: 'independent', inputAxes: [1, null], outputAxes: [0, 0] };
    const state: Inputs = [
      ['FP32', [2, 'batch', 4096]],
      ['INT64', []],
    ];
    expect(byDefault(state)).toBe(16);
    expect(byDefault(state, { batching })).toBe(6);
  });

  test('is 16 MiB if the model accepts pictures', () => {
    expect(byDefault([['FP32', ['batch', 1, 28, 28]]], { picture: {} })).toBe(16);
  });

  test('has room for each golden example, and for a batch of the largest', () => {
    const detector: Inputs = [['FP32', ['batch', 3, 'height', 'width']]];
    expect(byDefault(detector, example(1000))).toBe(1);
    expect(byDefault(detector, example(3 * 32 * 32 * 22))).toBe(3);
    expect(byDefault(detector, example(40 * MIB))).toBe(41);
  });
});

const ANSWER = { outputs: [{ name: 'y', datatype: 'FP32' as const, shape: [1, 3], data: [1, 2, 3] }] };

describe('the largest golden request', () => {
  const tensor = (datatype: Datatype, shape: number[], rest: object) => ({ name: 'x', datatype, shape, ...rest });
  const sizeOf = (...tensors: any[]) =>
    exampleSizesOf([{ request: { inputs: tensors }, response: ANSWER }], []).requestBytes;

  test('is computed from shapes, whether elements are in golden.json or in a separate file', () => {
    expect(sizeOf(tensor('FP32', [2, 3], { data: [1, 2, 3, 4, 5, 6] }))).toBe(132);
    expect(sizeOf(tensor('FP32', [2, 3], { file: 'x.bin' }), tensor('INT64', [1], { data: [1] }))).toBe(153);
  });

  test('is computed from the actual strings', () => {
    expect(sizeOf(tensor('BYTES', [2], { data: ['é', 'x'.repeat(1000)] }))).toBe(1008);
    expect(sizeOf(tensor('BYTES', [2, 1], { data: [['a'], ['b']] }))).toBe(8);
    const inFile = { request: { inputs: [tensor('BYTES', [1], { file: 'texts.bin' })] }, response: ANSWER };
    expect(exampleSizesOf([inFile], [{ path: 'texts.bin', sizeBytes: 5000 }]).requestBytes).toBe(5000);
  });

  test('is 0 if all examples are pictures, or if there are no examples', () => {
    expect(exampleSizesOf([{ request: undefined, response: ANSWER }], []).requestBytes).toBe(0);
    expect(exampleSizesOf([], [])).toEqual(NO_EXAMPLES);
  });

  test('is not smaller than what a client writes', () => {
    const extremes: Partial<Record<Datatype, unknown>> = {
      BOOL: false,
      UINT64: '18446744073709551615',
      INT64: '-9223372036854775808',
      INT32: -(2 ** 31),
      // Python converts a float to a double and writes all its digits.
      FP32: '-0.10000000149011612',
      FP64: '-2.2250738585072014e-308',
    };
    for (const datatype of DATATYPES.filter((name) => name in extremes)) {
      const written = `${String(extremes[datatype])},`;
      expect([datatype, sizeOf(tensor(datatype, [1], { data: [0] }))]).toEqual([datatype, expect.any(Number)]);
      expect(sizeOf(tensor(datatype, [1], { data: [0] }))).toBeGreaterThanOrEqual(written.length);
    }
  });
});

test('a request with strings takes more memory per byte than one with numbers', () => {
  const heldPerByte = (datatype: Datatype) => {
    const tensors = [{ name: 'x', datatype, dimensions: ['batch'] }];
    const exampleSizes = { requestBytes: 0, answerBytes: 0 };
    return requestCost({ signature: { inputs: tensors, outputs: tensors }, exampleSizes }).heldPerByte;
  };
  expect(heldPerByte('FP32')).toBe(4);
  expect(heldPerByte('BYTES')).toBe(8);
});

describe('the answer to one row', () => {
  const answer = (datatype: Datatype, dimensions: Dimension[], answerBytes = 0) => {
    const tensors = [{ name: 'y', datatype, dimensions }];
    const signature = { inputs: tensors, outputs: tensors };
    return requestCost({ signature, exampleSizes: { requestBytes: 0, answerBytes } }).answerBytes;
  };

  test('takes the memory derived from the fixed sizes of its outputs', () => {
    expect(answer('FP32', ['batch', 21, 512, 512])).toBe(30 * 21 * 512 * 512);
    expect(answer('BYTES', ['batch', 2])).toBe(4 * 2 * 259);
    expect(answer('FP32', [1_000_000, 1000])).toBe(768 * MIB);
  });

  test('takes the memory that a golden example needs if a size is not fixed', () => {
    expect(exampleSizesOf([{ request: undefined, response: ANSWER }], []).answerBytes).toBe(90);
    expect(answer('FP32', ['batch', 'sequence', 50_000], 5e7)).toBe(5e7);
  });
});
