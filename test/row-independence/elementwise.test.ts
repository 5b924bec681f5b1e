import { node } from '../support/onnx-builder';
import { proofOf, short, verdictOf } from './support';

const unary = ['Relu', 'Sigmoid', 'Erf', 'Neg', 'Not', 'Cast', 'LeakyRelu', 'IsNaN', 'Clip', 'Dropout', 'Identity'];

test.each(unary)('%s keeps the layout of the rows', (operator) => {
  const attributes: Record<string, number> = operator === 'Cast' ? { to: 1 } : {};
  expect(verdictOf(operator, { attributes })).toBe('independent 0 | 0');
  const state = proofOf({
    inputs: { x: ['N', 4], s: [2, 'N', 8] },
    nodes: [node(operator, ['x'], ['y'], { attributes }), node(operator, ['s'], ['t'], { attributes })],
    outputs: ['y', 't'],
  });
  expect(short(state)).toBe('independent 0,1 | 0,1');
});

describe('two operands', () => {
  const both = (a: (number | string)[], b: (number | string)[], operator = 'Add') =>
    verdictOf(operator, { x: a, inputs: { b }, with: ['b'] });

  test.each(['Add', 'Mul', 'Sub', 'Div', 'Max', 'Equal', 'Pow', 'PRelu', 'Mod'])(
    '%s of rows and their rows',
    (operator) => {
      expect(both(['N', 4], ['N', 4], operator)).toBe('independent 0,0 | 0');
    },
  );

  test('ignores names of dimensions', () => {
    expect(both(['unk__214', 4], ['unk__215', 4])).toBe('independent 0,0 | 0');
  });

  test('a tensor without rows is the same for all rows', () => {
    expect(verdictOf('Add', { constants: { w: { weights: [4, 6] } }, with: ['w'] })).toBe('independent 0 | 0');
    expect(verdictOf('Add', { constants: { w: { weights: [1, 4, 6] } }, with: ['w'] })).toBe('independent 0 | 0');
  });

  test('unless its length may equal the number of rows by chance', () => {
    expect(verdictOf('Add', { constants: { w: { weights: [3, 1, 1] } }, with: ['w'] })).toMatch(
      /^coupled Add: .*fixed size/,
    );
  });

  test('rows that broadcast against other rows', () => {
    expect(both(['N', 'N2'], ['N'])).toMatch(/^coupled Add/);
    expect(verdictOf('Add', { x: ['N', 4], inputs: { b: ['N', 4, 1] }, with: ['b'] })).toMatch(/^coupled Add: .*axes/);
  });
});

describe('Where', () => {
  test('with a condition for each row', () => {
    const given = {
      x: { bool: ['N', 1] },
      inputs: { a: ['N', 4] },
      constants: { zero: { floats: [0] } },
      with: ['a', 'zero'],
    };
    expect(verdictOf('Where', given)).toBe('independent 0,0 | 0');
  });

  test('with weights chosen by the rows', () => {
    const constants = { a: { weights: [3, 4] }, b: { weights: [3, 4] } };
    expect(verdictOf('Where', { x: { bool: ['N', 4] }, constants, with: ['a', 'b'] })).toMatch(/^coupled Where/);
  });
});

test('the number of rows must not become data', () => {
  const nodes = (last: object[]) => [
    node('Shape', ['x'], ['shape']),
    node('Gather', ['shape', 'zero'], ['n']),
    node('Cast', ['n'], ['real'], { attributes: { to: 1 } }),
    ...last,
  ];
  const average = proofOf({
    inputs: { x: ['N', 4] },
    constants: { zero: 0 },
    nodes: nodes([node('Div', ['x', 'real'], ['y'])]),
  });
  expect(short(average)).toBe('coupled Div: computes with the number of rows');
  const count = proofOf({
    inputs: { x: ['N', 4] },
    constants: { zero: 0, axis: [0] },
    nodes: nodes([node('Unsqueeze', ['real', 'axis'], ['y'])]),
  });
  expect(short(count)).toBe('coupled Unsqueeze: returns the number of rows');
});

test('a size of one row may become data', () => {
  const nodes = [
    node('Shape', ['x'], ['shape']),
    node('Gather', ['shape', 'one'], ['length']),
    node('Cast', ['length'], ['real'], { attributes: { to: 1 } }),
    node('Div', ['x', 'real'], ['y']),
  ];
  expect(short(proofOf({ inputs: { x: ['N', 'length'] }, constants: { one: 1 }, nodes }))).toBe('independent 0 | 0');
});

describe('Dropout', () => {
  const mode = (value: number) => ({
    initializers: [{ name: 'mode', dataType: 9, dims: [], rawData: Uint8Array.of(value) }],
    constants: { ratio: { floats: [0.5] } },
    with: ['ratio', 'mode'],
  });

  test('passes the rows on in inference', () => {
    expect(verdictOf('Dropout', mode(0))).toBe('independent 0 | 0');
  });

  test('is random in training', () => {
    expect(verdictOf('Dropout', mode(1))).toMatch(/^not understood Dropout: .*random/);
    expect(verdictOf('Dropout', { opset: 6 })).toMatch(/^not understood Dropout/);
  });
});

test.each(['RandomNormalLike', 'RandomUniformLike', 'Bernoulli', 'SomethingElse'])(
  '%s is not understood',
  (operator) => {
    expect(verdictOf(operator)).toBe(`not understood ${operator}: its effect on rows is unknown`);
  },
);

test('aligns operands on request before version 7', () => {
  const given = { x: ['N', 4, 6], constants: { w: { weights: [4] } }, with: ['w'], opset: 6 };
  expect(verdictOf('Add', { ...given, attributes: { broadcast: 1, axis: 1 } })).toBe('independent 0 | 0');
  expect(verdictOf('Add', { ...given, attributes: { broadcast: 1, axis: 0 } })).toMatch(/^coupled Add/);
});
