import type { Signature } from '../../../inference-image/src/contract/signature';
import type { Run } from '../../../inference-image/src/inference/executor';
import { InlineExecutor } from '../../../inference-image/src/inference/inline-executor';
import type { Session } from '../../../inference-image/src/inference/session';

const float: Signature['inputs'][number] = { name: 'x', datatype: 'FP32', dimensions: ['n', 4] };
const ids: Signature['inputs'][number] = { name: 'ids', datatype: 'INT64', dimensions: ['n', 'length'] };
const count: Signature['inputs'][number] = { name: 'count', datatype: 'INT64', dimensions: [1] };

const runOf = (elements: number): Run => ({
  inputs: [{ name: 'x', datatype: 'FP32', shape: [elements], data: new Float32Array(elements) }],
  outputs: ['y'],
});

test.each<[string, number, number, Signature['inputs'], boolean]>([
  ['a fast, small model', 20e-6, 1e6, [float], true],
  ['a fast model of token ids', 20e-6, 1e6, [ids], true],
  ['a slower model', 200e-6, 1e6, [float], false],
  ['a fast, large model', 20e-6, 1e9, [float], false],
  ['a fast model whose input may be a count', 20e-6, 1e6, [float, count], false],
  ['a fast model with a scalar', 20e-6, 1e6, [{ name: 'n', datatype: 'FP32', dimensions: [] }], false],
  [
    'a fast model with one count for each row',
    20e-6,
    1e6,
    [{ name: 'n', datatype: 'INT32', dimensions: ['n', 1] }],
    false,
  ],
  ['a fast model of strings', 20e-6, 1e6, [{ name: 't', datatype: 'BYTES', dimensions: ['n', 2] }], false],
])('%s', (_, runSeconds, bytes, inputs, worthwhile) => {
  const signature = { inputs, outputs: [float] };
  expect(InlineExecutor.isWorthwhile({ runSeconds, elements: 4 }, bytes, signature)).toBe(worthwhile);
});

function inlineOf(runSeconds: number) {
  const session = { run: () => ({ outputs: [], runSeconds }) } as unknown as Session;
  return new InlineExecutor(session, { runSeconds: 10e-6, elements: 4 });
}

test('accepts inputs that can run in time', () => {
  const inline = inlineOf(10e-6);
  expect([4, 40, 41].map((elements) => inline.accepts(elements))).toEqual([true, true, false]);
});

test('accepts nothing after a run that took far longer than estimated', () => {
  const inline = inlineOf(3);
  expect(inline.accepts(4)).toBe(true);
  inline.run(runOf(4));
  expect(inline.accepts(4)).toBe(false);
});
