import { node, value } from '../support/onnx-builder';
import { proofOf, short, verdictOf } from './support';

describe('MatMul', () => {
  const of = (a: (number | string)[], b: (number | string)[]) =>
    verdictOf('MatMul', { x: a, inputs: { b }, with: ['b'] });

  test('by weights', () => {
    const given = { constants: { w: { weights: [6, 3] } }, with: ['w'] };
    expect(verdictOf('MatMul', given)).toBe('independent 0 | 0');
    expect(verdictOf('MatMul', { ...given, x: ['N', 6] })).toBe('independent 0 | 0');
    expect(verdictOf('MatMul', { ...given, x: ['N'], constants: { w: { weights: [6] } } })).toMatch(
      /^coupled MatMul: sums over/,
    );
  });

  test('of rows by their rows', () => {
    expect(of(['N', 4, 6], ['N', 6, 3])).toBe('independent 0,0 | 0');
    expect(of(['N', 2, 4, 6], ['N', 2, 6, 3])).toBe('independent 0,0 | 0');
    expect(of(['N', 'M'], ['N', 3])).toMatch(/^(coupled|not understood) MatMul/);
  });

  test('of all rows by all rows', () => {
    const gram = [node('Transpose', ['x'], ['t']), node('MatMul', ['x', 't'], ['y'])];
    expect(short(proofOf({ inputs: { x: ['N', 6] }, nodes: gram }))).toBe('coupled MatMul: multiplies rows by rows');
    const covariance = [node('Transpose', ['x'], ['t']), node('MatMul', ['t', 'x'], ['y'])];
    expect(short(proofOf({ inputs: { x: ['N', 6] }, nodes: covariance }))).toBe(
      'coupled MatMul: sums over the axis that counts rows',
    );
  });

  test('of weights by rows', () => {
    const nodes = [node('MatMul', ['w', 'x'], ['y'])];
    const by = (w: number[], x: (number | string)[]) =>
      short(proofOf({ inputs: { x }, constants: { w: { weights: w } }, nodes }));
    expect(by([5, 4], ['N', 4, 6])).toBe('independent 0 | 0');
    expect(by([3, 5, 4], ['N', 4, 6])).toMatch(/^coupled MatMul/);
    expect(by([5, 4], ['N', 6])).toMatch(/^coupled MatMul/);
    expect(by([5, 4], [4, 'N'])).toBe('independent 1 | 1');
  });
});

test('Gemm', () => {
  const given = { x: ['N', 6], constants: { w: { weights: [6, 3] }, c: { weights: [3] } }, with: ['w', 'c'] };
  expect(verdictOf('Gemm', given)).toBe('independent 0 | 0');
  expect(verdictOf('Gemm', { ...given, attributes: { transA: 1 } })).toMatch(/^coupled Gemm/);
  const fixed = { ...given, constants: { w: { weights: [6, 3] }, c: { weights: [4, 3] } } };
  expect(verdictOf('Gemm', fixed)).toMatch(/^coupled Gemm: .*fixed size/);
});

describe('Einsum', () => {
  const of = (equation: string, b: (number | string)[] = ['N', 4, 6]) =>
    verdictOf('Einsum', { inputs: { b }, with: ['b'], attributes: { equation } });

  test.each(['bij,bkj->bik', 'bij,bkj->ikb', '...ij,...kj->...ik', 'bij,bij->b'])('%s', (equation) => {
    const axis = equation === 'bij,bkj->ikb' ? 2 : 0;
    expect(of(equation)).toBe(`independent 0,0 | ${axis}`);
  });

  test.each(['bij,bij->ij', 'bij,cij->bc', 'bij,bkj->ik', 'ijb,bij->ijb'])('%s', (equation) => {
    expect(of(equation)).toMatch(/^coupled Einsum/);
  });

  test('with weights', () => {
    const weighted = (equation: string, weights: number[]) =>
      verdictOf('Einsum', { constants: { w: { weights } }, with: ['w'], attributes: { equation } });
    expect(weighted('bij,jk->bik', [6, 3])).toBe('independent 0 | 0');
    expect(weighted('bij,bk->bik', [3, 3])).toMatch(/^coupled Einsum/);
    expect(weighted('bij , jk', [6, 3])).toBe('independent 0 | 0');
  });

  /** Mixes the rows of x unless the product of a and b has these sizes. */
  const unlessOfSizes = (equation: string, [a, b]: number[][], sizes: number[]) => {
    const branch = (output: string, nodes: object[]) => ({
      graph: { name: output, node: nodes, input: [], output: [value(output, 'float')] },
    });
    const nodes = [
      node('Einsum', ['a', 'b'], ['e'], { attributes: { equation } }),
      node('Shape', ['e'], ['found']),
      node('Equal', ['found', 'expected'], ['equal']),
      node('Cast', ['equal'], ['ones'], { attributes: { to: 7 } }),
      node('ReduceMin', ['ones'], ['least'], { attributes: { keepdims: 0 } }),
      node('Cast', ['least'], ['c'], { attributes: { to: 9 } }),
      node('If', ['c'], ['y'], {
        attributes: {
          then_branch: branch('kept', [node('Identity', ['x'], ['kept'])]),
          else_branch: branch('mixed', [node('CumSum', ['x', 'first'], ['mixed'])]),
        } as never,
      }),
    ];
    const weights = { a: { weights: a ?? [] }, b: { weights: b ?? [] } };
    return short(proofOf({ inputs: { x: ['N', 4] }, constants: { ...weights, expected: sizes, first: 0 }, nodes }));
  };

  test.each([
    ['i,j->ij', [[4], [6]], [4, 6]],
    ['j , i', [[4], [6]], [6, 4]],
    ['ji,k->kij', [[6, 4], [1]], [1, 4, 6]],
    [
      '...i,ij->...j',
      [
        [5, 4, 3],
        [3, 6],
      ],
      [5, 4, 6],
    ],
    [
      '...a,...b->ab...',
      [
        [2, 3],
        [2, 4],
      ],
      [3, 4, 2],
    ],
    ['ii,j->ji', [[6, 6], [4]], [4, 6]],
    ['i,i->i', [[1], [6]], [6]],
    [
      'bA,Ac',
      [
        [2, 3],
        [3, 4],
      ],
      [2, 4],
    ],
  ])('of weights has known sizes: %s', (equation, operands, sizes) => {
    expect(unlessOfSizes(equation, operands, sizes)).toBe('independent 0 | 0');
    expect(unlessOfSizes(equation, operands, [7, ...sizes.slice(1)])).toMatch(/^coupled CumSum/);
  });

  test('of weights, which scales rows: rotary embedding', () => {
    const nodes = [
      node('Shape', ['x'], ['s'], { attributes: { start: 1, end: 2 } }),
      node('Squeeze', ['s'], ['steps']),
      node('Range', ['zero', 'steps', 'one'], ['at']),
      node('Cast', ['at'], ['position'], { attributes: { to: 1 } }),
      node('Einsum', ['position', 'frequencies'], ['angles'], { attributes: { equation: 'i,j->ij' } }),
      node('Cos', ['angles'], ['cos']),
      node('Mul', ['x', 'cos'], ['y']),
    ];
    const given = {
      inputs: { x: ['N', 'T', 4] },
      constants: { zero: 0, one: 1, frequencies: { floats: [1, 1, 1, 1] } },
    };
    expect(short(proofOf({ ...given, nodes }))).toBe('independent 0 | 0');
    const byRows = nodes.map((each, at) => (at === 0 ? node('Shape', ['x'], ['s'], { attributes: { end: 1 } }) : each));
    expect(short(proofOf({ ...given, inputs: { x: ['N', 'N2', 4] }, nodes: byRows }))).toMatch(/^coupled/);
  });
});

test('integers', () => {
  const given = {
    x: { uint8: ['N', 6] },
    constants: { w: { weights: [6, 3] }, one: { floats: [1] }, two: { floats: [1, 2] } },
  };
  expect(verdictOf('MatMulInteger', { ...given, with: ['w', 'one', 'one'] })).toBe('independent 0 | 0');
  expect(verdictOf('MatMulInteger', { ...given, with: ['w', 'two'] })).toMatch(/^not understood MatMulInteger/);
  const rest = ['one', 'one', 'w', 'one', 'one', 'one', 'one'];
  expect(verdictOf('QLinearMatMul', { ...given, with: rest })).toBe('independent 0 | 0');
});

describe('convolutions and pools', () => {
  const x = ['N', 3, 8, 8];
  const constants = { w: { weights: [5, 3, 3, 3] }, b: { weights: [5] } };

  test.each(['Conv', 'ConvTranspose'])('%s', (operator) => {
    const weights = operator === 'Conv' ? [5, 3, 3, 3] : [3, 5, 3, 3];
    const given = { x, constants: { ...constants, w: { weights } }, with: ['w', 'b'] };
    expect(verdictOf(operator, given)).toBe('independent 0 | 0');
    expect(verdictOf(operator, { ...given, x: [2, 'N', 8, 8] })).toMatch(/^fixed/);
    expect(verdictOf(operator, { x, inputs: { w: ['N', 3, 3, 3] }, with: ['w'] })).toMatch(/^coupled/);
  });

  test.each(['MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool', 'DepthToSpace', 'SpaceToDepth'])(
    '%s',
    (operator) => {
      const attributes: Record<string, number | number[]> =
        operator.endsWith('Space') || operator.endsWith('Depth') ? { blocksize: 2 } : { kernel_shape: [2, 2] };
      const channels = operator === 'DepthToSpace' ? 4 : 3;
      expect(verdictOf(operator, { x: ['N', channels, 8, 8], attributes })).toBe('independent 0 | 0');
    },
  );

  test('indices that MaxPool returns count through all rows', () => {
    expect(verdictOf('MaxPool', { x, outputs: ['y', 'places'], attributes: { kernel_shape: [2, 2] } })).toMatch(
      /^not understood MaxPool: .*count through all rows/,
    );
  });

  test('sizes that a Gemm after them needs', () => {
    const nodes = [
      node('Conv', ['x', 'w'], ['c'], { attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] } }),
      node('MaxPool', ['c'], ['p'], { attributes: { kernel_shape: [2, 2], strides: [2, 2] } }),
      node('Reshape', ['p', 'shape'], ['y']),
    ];
    const shaped = (shape: number[], size: Parameters<typeof proofOf>[0]['inputs'][string]) =>
      short(proofOf({ inputs: { x: size }, constants: { ...constants, shape }, nodes }));
    expect(shaped([-1, 5 * 2 * 2], ['N', 3, 8, 8])).toBe('independent 0 | 0');
    expect(shaped([-1, 5 * 3 * 2], ['N', 3, 8, 8])).toMatch(/^not understood Reshape/);
    expect(shaped([-1, 20], ['N', 3, 'h', 'w'])).toMatch(/^not understood Reshape/);
  });

  test('GridSample takes a grid for each picture', () => {
    expect(verdictOf('GridSample', { x, inputs: { g: ['N', 4, 4, 2] }, with: ['g'] })).toBe('independent 0,0 | 0');
    expect(verdictOf('GridSample', { x, constants: { g: { weights: [1, 4, 4, 2] } }, with: ['g'] })).toMatch(
      /^coupled GridSample/,
    );
  });
});

describe('recurrent networks', () => {
  const weights = { w: { weights: [1, 32, 6] }, r: { weights: [1, 32, 8] }, state: { weights: [1, 2, 8] } };
  const lstm = (given: Parameters<typeof verdictOf>[1]) =>
    verdictOf('LSTM', { constants: weights, outputs: ['y', 'h', 'c'], attributes: { hidden_size: 8 }, ...given });

  test('have the steps first', () => {
    expect(lstm({ x: [5, 'N', 6], with: ['w', 'r'] })).toBe('independent 1 | 2,1,1');
    expect(lstm({ x: ['T', 'N', 6], with: ['w', 'r'] })).toBe('independent 1 | 2,1,1');
  });

  test('or, with layout 1, the rows', () => {
    expect(lstm({ x: ['N', 5, 6], with: ['w', 'r'], attributes: { hidden_size: 8, layout: 1 } })).toBe(
      'independent 0 | 0,0,0',
    );
    expect(lstm({ x: ['N', 5, 6], with: ['w', 'r'] })).toMatch(/^coupled LSTM: works step by step/);
  });

  test('have a state for each row', () => {
    const inputs = { h0: [1, 'N', 8], c0: [1, 'N', 8] };
    expect(lstm({ x: [5, 'N', 6], inputs, with: ['w', 'r', '', '', 'h0', 'c0'] })).toBe('independent 1,1,1 | 2,1,1');
    expect(lstm({ x: [5, 'N', 6], with: ['w', 'r', '', '', 'state', 'state'] })).toMatch(/^fixed/);
  });

  test('and lengths of each row', () => {
    const given = { x: ['N', 5, 6], attributes: { hidden_size: 8, layout: 1 } };
    expect(lstm({ ...given, inputs: { l: { int32: ['N'] } }, with: ['w', 'r', '', 'l'] })).toBe(
      'independent 0,0 | 0,0,0',
    );
    expect(lstm({ ...given, constants: { ...weights, l: [5, 3] }, with: ['w', 'r', '', 'l'] })).toMatch(
      /^coupled LSTM/,
    );
  });

  test.each(['GRU', 'RNN'])('%s', (operator) => {
    const given = { x: [5, 'N', 6], constants: weights, with: ['w', 'r'], outputs: ['y', 'h'] };
    expect(verdictOf(operator, given)).toBe('independent 1 | 2,1');
  });

  test('between two transpositions', () => {
    const nodes = [
      node('Transpose', ['x'], ['t'], { attributes: { perm: [1, 0, 2] } }),
      node('LSTM', ['t', 'w', 'r'], ['l'], { attributes: { hidden_size: 8 } }),
      node('Squeeze', ['l', 'one'], ['s']),
      node('Transpose', ['s'], ['y'], { attributes: { perm: [1, 0, 2] } }),
    ];
    expect(short(proofOf({ inputs: { x: ['N', 'T', 6] }, constants: { ...weights, one: [1] }, nodes }))).toBe(
      'independent 0 | 0',
    );
  });
});

describe('quantization', () => {
  const q = { scale: { floats: [0.1] }, scales: { floats: [0.1, 0.2, 0.3, 0.4] }, zero: { floats: [0] } };

  test('with one scale, or one for each channel', () => {
    expect(verdictOf('QuantizeLinear', { constants: q, with: ['scale', 'zero'] })).toBe('independent 0 | 0');
    expect(verdictOf('QuantizeLinear', { constants: q, with: ['scales'], attributes: { axis: 1 } })).toBe(
      'independent 0 | 0',
    );
    expect(verdictOf('DequantizeLinear', { constants: q, with: ['scales'], attributes: { axis: 0 } })).toMatch(
      /^coupled DequantizeLinear/,
    );
  });

  test('to 4 bits, which are different for large floats by position', () => {
    const zero4 = (dataType: number) => [{ name: 'zero4', dataType, dims: [], int32Data: [0] }];
    for (const dataType of [21, 22]) {
      for (const domain of ['', 'com.microsoft']) {
        const given = { constants: q, with: ['scale', 'zero4'], initializers: zero4(dataType), domain };
        expect(verdictOf('QuantizeLinear', given)).toMatch(/^coupled .*4 bits/);
      }
      const attributes = { output_dtype: dataType };
      expect(verdictOf('QuantizeLinear', { constants: q, with: ['scale'], attributes })).toMatch(/^coupled .*4 bits/);
    }
    const given = { constants: q, with: ['scale', 'zero4'], initializers: zero4(3) };
    expect(verdictOf('QuantizeLinear', given)).toBe('independent 0 | 0');
  });

  test('with a scale of the rows', () => {
    expect(verdictOf('QuantizeLinear', { inputs: { s: ['N'] }, with: ['s'] })).toMatch(/^coupled/);
  });

  test('that computes its scale from the batch', () => {
    expect(verdictOf('DynamicQuantizeLinear', { outputs: ['y', 's', 'z'] })).toBe(
      'coupled DynamicQuantizeLinear: scales over the whole batch at once',
    );
  });
});
