import { node } from '../support/onnx-builder';
import { proofOf, short, verdictOf, type Graph } from './support';

/**
 * Expects a graph not to be proved independent. The rows of these graphs influence each other in ways that are easy to
 * miss.
 */
const dependent = (graph: Graph) => expect(short(proofOf(graph))).toMatch(/^(coupled|not understood)/);

const x = ['N', 4];
const numberOfRows = [node('Shape', ['x'], ['shape']), node('Gather', ['shape', 'zeros'], ['n'])];
const constants = {
  zeros: [0],
  ones: [1],
  ends: [2 ** 31 - 1],
  table: { weights: [16, 4] },
  sixteen: [16],
  axis0: [0],
  axis1: [1],
};

describe('the number of rows becomes the size of another axis', () => {
  const summed = [node('ReduceSum', ['part', 'axis0'], ['s']), node('Add', ['x', 's'], ['y'])];

  test('by a slice of a table', () => {
    dependent({
      inputs: { x },
      constants,
      nodes: [...numberOfRows, node('Slice', ['table', 'zeros', 'n', 'axis0'], ['part']), ...summed],
    });
    dependent({
      inputs: { x },
      constants,
      nodes: [...numberOfRows, node('Slice', ['table', 'n', 'ends', 'axis0'], ['part']), ...summed],
    });
  });

  test('by a slice of the rows along another axis', () => {
    const nodes = [
      node('Slice', ['x', 'zeros', 'n', 'axis1'], ['part']),
      node('ReduceSum', ['part', 'axis1'], ['s']),
      node('Add', ['x', 's'], ['y']),
    ];
    dependent({ inputs: { x }, constants, nodes: [...numberOfRows, ...nodes] });
  });

  test('by a split', () => {
    const nodes = [
      node('Sub', ['sixteen', 'n'], ['rest']),
      node('Concat', ['n', 'rest'], ['sizes'], { attributes: { axis: 0 } }),
      node('Split', ['table', 'sizes'], ['part', 'other'], { attributes: { axis: 0 } }),
      ...summed,
    ];
    dependent({ inputs: { x }, constants, nodes: [...numberOfRows, ...nodes] });
  });

  test('by a scale', () => {
    const nodes = [
      node('Cast', ['n'], ['real'], { attributes: { to: 1 } }),
      node('Concat', ['one', 'one', 'real', 'one'], ['scales'], { attributes: { axis: 0 } }),
      node('Upsample', ['picture', 'scales'], ['big']),
      node('ReduceSum', ['big'], ['s'], { attributes: { axes: [0, 1, 2], keepdims: 0 } }),
      node('Add', ['x', 's'], ['y']),
    ];
    const more = { ...constants, one: { floats: [1] }, picture: { weights: [1, 1, 4, 4] } };
    dependent({ inputs: { x }, constants: more, opset: 9, nodes: [...numberOfRows, ...nodes] });
  });

  test('by a range, a pad, or as the number of results', () => {
    const range = [
      node('Squeeze', ['n', 'axis0'], ['n0']),
      node('Add', ['n0', 'one'], ['more']),
      node('Range', ['zero', 'more', 'one'], ['r']),
      node('Shape', ['r'], ['y']),
    ];
    dependent({ inputs: { x }, constants: { ...constants, zero: 0, one: 1 }, nodes: [...numberOfRows, ...range] });
    dependent({
      inputs: { x },
      constants,
      nodes: [
        ...numberOfRows,
        node('Concat', ['zeros', 'zeros', 'zeros', 'n'], ['p'], { attributes: { axis: 0 } }),
        node('Pad', ['x', 'p'], ['y']),
      ],
    });
    dependent({ inputs: { x: ['N', 40] }, constants, nodes: [...numberOfRows, node('TopK', ['x', 'n'], ['y', 'i'])] });
  });
});

describe('integers overflow', () => {
  const firstRows = [node('Slice', ['x', 'zeros', 'end', 'axis0'], ['f']), node('Add', ['x', 'f'], ['y'])];
  const int32 = (name: string, ...values: number[]) => ({
    name,
    dataType: 6,
    dims: [values.length],
    int32Data: values,
  });
  const int64 = (name: string, value: bigint) => ({
    name,
    dataType: 7,
    dims: [1],
    rawData: new Uint8Array(BigInt64Array.of(value).buffer),
  });

  test('in a conversion to a narrower type', () => {
    const nodes = [
      node('Cast', ['large'], ['end'], { attributes: { to: 6 } }),
      node('Slice', ['x', 'z32', 'end', 'z32'], ['f']),
      node('Add', ['x', 'f'], ['y']),
    ];
    dependent({ inputs: { x }, constants, initializers: [int64('large', 4294967297n), int32('z32', 0)], nodes });
  });

  test('in products of 32 bits', () => {
    const nodes = [
      node('Mul', ['k', 'k'], ['kk']),
      node('Add', ['kk', 'one32'], ['end']),
      node('Slice', ['x', 'z32', 'end', 'z32'], ['f']),
      node('Add', ['x', 'f'], ['y']),
    ];
    dependent({
      inputs: { x },
      constants,
      initializers: [int32('k', 65536), int32('one32', 1), int32('z32', 0)],
      nodes,
    });
  });

  test('in products of 64 bits', () => {
    const nodes = [node('Mul', ['k', 'k'], ['kk']), node('Add', ['kk', 'ones'], ['end']), ...firstRows];
    dependent({ inputs: { x }, constants, initializers: [int64('k', 2n ** 32n)], nodes });
  });

  test('in products of the number of rows', () => {
    const nodes = [
      ...numberOfRows,
      node('Cast', ['n'], ['n32'], { attributes: { to: 6 } }),
      node('Mul', ['n32', 'k'], ['a']),
      node('Mul', ['a', 'k'], ['b']),
      node('Div', ['b', 'k'], ['c']),
      node('Div', ['c', 'k'], ['d']),
      node('Add', ['d', 'one32'], ['end']),
      node('Slice', ['x', 'z32', 'end', 'z32'], ['f']),
      node('Add', ['x', 'f'], ['y']),
    ];
    dependent({
      inputs: { x },
      constants,
      initializers: [int32('k', 65536), int32('one32', 1), int32('z32', 0)],
      nodes,
    });
  });

  test('and large ones are not rounded as in JavaScript', () => {
    const nodes = [
      node('Sub', ['most', 'lessByOne'], ['d']),
      node('Sub', ['ones', 'd'], ['axis']),
      node('ReduceSum', ['x', 'axis'], ['s']),
      node('Add', ['x', 's'], ['y']),
    ];
    dependent({
      inputs: { x },
      constants,
      initializers: [int64('most', 2n ** 63n - 1n), int64('lessByOne', 2n ** 63n - 2n)],
      nodes,
    });
  });

  test('and floats are rounded', () => {
    const nodes = [
      ...numberOfRows,
      node('Cast', ['n'], ['real'], { attributes: { to: 1 } }),
      node('Mul', ['real', 'much'], ['b']),
      node('Add', ['b', 'one'], ['c']),
      node('Sub', ['c', 'b'], ['d']),
      node('Cast', ['d'], ['axis'], { attributes: { to: 7 } }),
      node('ReduceSum', ['x', 'axis'], ['s']),
      node('Add', ['x', 's'], ['y']),
    ];
    dependent({
      inputs: { x },
      constants: { ...constants, much: { floats: [16777216] }, one: { floats: [1] } },
      nodes,
    });
  });
});

describe('names in the file', () => {
  test('of dimensions that look like sums', () => {
    const inputs = { x, p: ['a', 'b'], q: ['a"+1*"b', 4], r: ['"a"+1*"b"', 4] };
    const shapes = (name: string, start: number) =>
      node('Shape', [name], [`${name}${start}`], { attributes: { start, end: start + 1 } });
    const nodes = [
      shapes('p', 0),
      shapes('p', 1),
      shapes('q', 0),
      node('Add', ['p0', 'p1'], ['sum']),
      node('Sub', ['sum', 'q0'], ['pad']),
      node('Concat', ['pad', 'zeros', 'zeros', 'zeros'], ['pads'], { attributes: { axis: 0 } }),
      node('Pad', ['x', 'pads'], ['y']),
      node('Add', ['r', 'r'], ['z']),
    ];
    dependent({ inputs, constants, nodes });
  });

  test('of inputs that look like results', () => {
    const inputs = { x, c: { int64: [2] as number[] }, '/0:0': ['M', null] };
    const nodes = [
      node('BitwiseAnd', ['c', 'c'], ['v']),
      node('Shape', ['/0:0'], ['s'], { attributes: { start: 1, end: 2 } }),
      node('Slice', ['v', 'ones', 'ends'], ['v1']),
      node('Sub', ['v1', 's'], ['pad']),
      node('Concat', ['pad', 'zeros', 'zeros', 'zeros'], ['pads'], { attributes: { axis: 0 } }),
      node('Pad', ['x', 'pads'], ['y']),
    ];
    dependent({ inputs, constants, opset: 18, nodes });
  });
});

test('operators of old versions do not broadcast', () => {
  const one = { constants: { w: { weights: [1] } }, with: ['w'] };
  expect(verdictOf('Sum', { ...one, x: ['N'], opset: 7 })).toMatch(/^coupled Sum/);
  expect(verdictOf('Sum', { ...one, x: ['N'], opset: 8 })).toBe('independent 0 | 0');
  expect(verdictOf('Mul', { ...one, x: ['N'], opset: 6 })).toMatch(/^coupled Mul/);
});

test('a list of positions is one offset for all rows', () => {
  const given = { x: ['N', 2, 5, 4], constants: { c: { weights: [50, 2] } }, domain: 'com.microsoft' };
  expect(
    verdictOf('RotaryEmbedding', { ...given, inputs: { ids: { int64: ['N'] } }, with: ['ids', 'c', 'c'] }),
  ).toMatch(/^coupled/);
  expect(
    verdictOf('RotaryEmbedding', { ...given, inputs: { ids: { int64: ['N', 5] } }, with: ['ids', 'c', 'c'] }),
  ).toBe('independent 0,0 | 0');
});

test('ranks that are too low', () => {
  const nodes = [node('Relu', ['x'], ['y']), node('ConvTranspose', ['scalar', 'w'], ['z'])];
  const given = { constants: { scalar: 1, w: { weights: [3, 5, 3, 3] } }, nodes };
  expect(short(proofOf({ inputs: { x }, ...given }))).toMatch(/^not understood ConvTranspose|^independent/);
});

test('booleans that are neither 0 nor 1', () => {
  expect(verdictOf('ReduceMean', { attributes: { axes: [1], keepdims: -2 } })).toMatch(
    /^not understood ReduceMean: .*"keepdims"/,
  );
  expect(verdictOf('ArgMax', { attributes: { axis: 1, keepdims: 2 } })).toMatch(/^not understood ArgMax/);
  expect(
    verdictOf('Gemm', { x: ['N', 6], constants: { w: { weights: [6, 3] } }, with: ['w'], attributes: { transA: 3 } }),
  ).toMatch(/^not understood/);
});

test('scales for blocks, with a single row in a run', () => {
  const given = {
    x: { uint8: ['N', 4, 6] },
    constants: { s: { weights: [1, 2, 6] } },
    with: ['s'],
    attributes: { axis: 1, block_size: 2 },
    opset: 21,
  };
  expect(verdictOf('DequantizeLinear', given)).toMatch(/^coupled DequantizeLinear/);
});

describe('files that are designed to be slow', () => {
  const quick = (graph: Graph) => {
    const begin = process.cpuUsage();
    const verdict = short(proofOf(graph));
    const { user, system } = process.cpuUsage(begin);
    expect((user + system) / 1e6).toBeLessThan(20);
    return verdict;
  };

  test('by a node with very many inputs', () => {
    const nodes = [node('Sum', new Array<string>(300_000).fill('x'), ['y'])];
    expect(quick({ inputs: { x }, nodes })).toMatch(/^not understood Sum: .*too many inputs/);
  });

  test('by very many results that one node reads', () => {
    const names = Array.from({ length: 30_000 }, (_, at) => `n${at}`);
    const nodes = [node('Sum', names, ['y']), ...names.map((name) => node('Relu', ['x'], [name], { name: '' }))];
    expect(quick({ inputs: { x }, nodes })).toMatch(/^not understood/);
  });

  test('by polynomials', () => {
    const inputs = Object.fromEntries(Array.from({ length: 23 }, (_, at) => [`p${at}`, [1, `${at}${'s'.repeat(80)}`]]));
    const shapes = Object.keys(inputs).map((name) =>
      node('Shape', [name], [`${name}s`], { attributes: { start: 1, end: 2 } }),
    );
    const chain = Array.from({ length: 1000 }, (_, at) =>
      node('Mul', [at ? `m${at - 1}` : 'wide', 'wide'], [`m${at}`]),
    );
    const nodes = [
      ...shapes,
      node(
        'Concat',
        Object.keys(inputs).map((name) => `${name}s`),
        ['all'],
        { attributes: { axis: 0 } },
      ),
      node('ReduceSum', ['all'], ['sum']),
      node('Expand', ['sum', 'many'], ['wide']),
      ...chain,
      node('Reshape', ['x', 'm999'], ['y']),
    ];
    expect(quick({ inputs: { x, ...inputs }, constants: { many: [128] }, nodes })).not.toMatch(/^independent/);
  });

  test('by very many axes', () => {
    const nodes = Array.from({ length: 200 }, (_, at) =>
      node('Unsqueeze', [at ? `u${at - 1}` : 'x', 'last'], [`u${at}`]),
    );
    expect(quick({ inputs: { x }, constants: { last: [-1] }, nodes, outputs: ['u199'] })).toMatch(
      /^not understood Unsqueeze: .*too many axes/,
    );
  });
});

describe('a size within the graph that may be 0', () => {
  const inputs = { x, a: ['N', 'T'] };
  const more = { ...constants, five: [5], last: [-1], row: { weights: [1, 6] } };
  const size = (of: string, to: string, start: number) =>
    node('Shape', [of], [to], { attributes: { start, end: start + 1 } });
  /** Adds rows of `x` to `x`, beginning with row `start`. `start` is 0 unless the size is 0. */
  const picked = [node('Slice', ['x', 'start', 'ends', 'axis0'], ['some']), node('Add', ['x', 'some'], ['y'])];
  const part = [node('Slice', ['a', 'five', 'ends', 'axis1'], ['part']), size('part', 'k', 1)];

  test('does not become one smaller without the last element', () => {
    const shorter = [node('Slice', ['part', 'zeros', 'last', 'axis1'], ['less']), size('less', 'l', 1)];
    const start = [node('Sub', ['k', 'l'], ['d']), node('Sub', ['d', 'ones'], ['start'])];
    dependent({ inputs, constants: more, nodes: [...part, ...shorter, ...start, ...picked] });
  });

  test('means "keep" to Reshape', () => {
    const shaped = [
      node('Concat', ['k', 'last'], ['target'], { attributes: { axis: 0 } }),
      node('Reshape', ['row', 'target'], ['shaped']),
      size('shaped', 'l', 0),
      node('Sub', ['k', 'l'], ['start']),
    ];
    dependent({ inputs, constants: more, nodes: [...part, ...shaped, ...picked] });
  });

  test('of an input is never 0 in a shared run', () => {
    const nodes = [
      node('Slice', ['a', 'zeros', 'last', 'axis1'], ['before']),
      node('Slice', ['a', 'ones', 'ends', 'axis1'], ['behind']),
      node('Sub', ['behind', 'before'], ['y']),
    ];
    expect(short(proofOf({ inputs: { a: ['N', 'T'] }, constants: more, nodes }))).toBe('independent 0 | 0');
  });
});

describe('shape arithmetic that overflows or is rounded beyond some size', () => {
  /**
   * Adds rows of `x` to `x`, beginning with row `start`, which is (t * t) / t - t. `start` is 0 unless t * t overflows
   * or is rounded in the given type.
   */
  const graph = (type: number): Graph => ({
    inputs: { x, a: ['N', 'T'] },
    constants,
    nodes: [
      node('Shape', ['a'], ['t'], { attributes: { start: 1 } }),
      node('Cast', ['t'], ['typed'], { attributes: { to: type } }),
      node('Mul', ['typed', 'typed'], ['square']),
      node('Cast', ['square'], ['long'], { attributes: { to: 7 } }),
      node('Div', ['long', 't'], ['again']),
      node('Sub', ['again', 't'], ['start']),
      node('Slice', ['x', 'start', 'ends', 'axis0'], ['rest']),
      node('Add', ['x', 'rest'], ['y']),
    ],
  });

  const verdictIn = (type: number) => proofOf(graph(type)).verdict;

  test('the verdict has the maximum size', () => {
    expect(verdictIn(6)).toMatchObject({ verdict: 'independent', maxSize: 2 ** 15 });
    expect(verdictIn(7)).toMatchObject({ verdict: 'independent', maxSize: undefined });
  });

  test('floats, which are exact only up to 2^24, are tracked up to that size', () => {
    dependent(graph(1));
  });
});
