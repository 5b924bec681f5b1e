import type { Executor } from '../../../inference-image/src/inference/executor';
import { checkGolden } from '../../../inference-image/src/inference/golden-check';
import type { Tensor } from '../../../inference-image/src/tensor/tensor';

const tolerance = { absolute: 0.01, relative: 0.1 };
const fp32 = (data: number[], shape = [data.length]): Tensor => {
  return { name: 'y', datatype: 'FP32', shape, data: Float32Array.from(data) };
};

function check(got: Tensor, expected: Tensor): Promise<void> {
  const executor: Executor = { run: async () => ({ outputs: [got], runSeconds: 0 }) };
  const makeRun = () => ({ inputs: [], outputs: ['y'] });
  return checkGolden(executor, { name: 'first', makeRun, expected: [{ ...expected, tolerance }] });
}

test.each([
  ['equal', fp32([1, 2]), fp32([1, 2])],
  ['within the absolute tolerance', fp32([0.009]), fp32([0])],
  ['within both tolerances', fp32([11]), fp32([10])],
  ['NaN and infinities', fp32([NaN, Infinity, -Infinity]), fp32([NaN, Infinity, -Infinity])],
  ['zeros of either sign', fp32([-0]), fp32([0])],
])('%s', async (_, got, expected) => {
  await expect(check(got, expected)).resolves.toBeUndefined();
});

test.each([
  [
    'M18 a number beyond the tolerance',
    fp32([1, 2.5]),
    fp32([1, 2]),
    'at [1] is 2.5; expected 2: 0.5 apart, 0.21 allowed',
  ],
  ['NaN instead of a number', fp32([NaN]), fp32([1]), 'at [0] is NaN; expected 1: NaN apart, 0.11 allowed'],
  [
    'infinity instead of a number',
    fp32([Infinity]),
    fp32([1]),
    'at [0] is Infinity; expected 1: Infinity apart, 0.11 allowed',
  ],
  ['a different shape', fp32([1, 2], [2, 1]), fp32([1, 2]), 'has shape [2,1]; expected [2]'],
  ['a different datatype', { ...fp32([1]), datatype: 'FP64' as const }, fp32([1]), 'is FP64; expected FP32'],
  ['a different name', { ...fp32([1]), name: 'z' }, fp32([1]), 'is missing'],
])('%s', async (_, got, expected, message) => {
  await expect(check(got, expected)).rejects.toThrow(`golden example "first": output "y" ${message}`);
});

test('values other than floats must be equal', async () => {
  const int = (value: bigint): Tensor => ({
    name: 'y',
    datatype: 'INT64',
    shape: [1],
    data: BigInt64Array.from([value]),
  });
  const text = (value: string): Tensor => ({ name: 'y', datatype: 'BYTES', shape: [1], data: [value] });
  await expect(check(int(5n), int(5n))).resolves.toBeUndefined();
  await expect(check(int(5n), int(6n))).rejects.toThrow('at [0] is 5; expected 6');
  await expect(check(text('a'), text('b'))).rejects.toThrow('at [0] is "a"; expected "b"');
});
