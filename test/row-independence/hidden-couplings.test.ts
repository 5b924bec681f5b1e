import { initializer, node, value, type Dim, type Elem } from '../support/onnx-builder';
import { proofOf, short, type Constant, type Graph } from './support';

/**
 * Expects a graph not to be proved independent. Each of these graphs has a number, size or tensor whose value is easy
 * to misjudge.
 */
const dependent = (graph: Graph) => expect(short(proofOf(graph))).toMatch(/^(coupled|not understood)/);

const x = ['N', 4];
const constants: Record<string, Constant> = {
  axis0: [0],
  zero: [0],
  one: [1],
  two: [2],
  three: [3],
  flat: [-1],
  ends: [2 ** 31 - 1],
};
const int32 = (name: string, ...values: number[]) =>
  initializer(name, 'int32', [values.length], Int32Array.from(values));
const graph = (nodes: object[], output: object[], input: object[] = []) => ({
  graph: { name: 'g', node: nodes, input, output },
});
const mixed = (from: string, to: string) => [
  node('ReduceSum', [from, 'axis0'], [`${to}Sum`], { attributes: { keepdims: 1 } }),
  node('Add', [from, `${to}Sum`], [to]),
];

/**
 * Mixes the rows of x if c equals `taken`. During a run, c equals `taken`; an incorrect proof concludes that it does
 * not.
 */
const mixedIf = (taken: boolean) => {
  const [mixing, plain] = [graph(mixed('x', 'a'), [value('a', 'float')]), [node('Identity', ['x'], ['b'])]];
  const other = graph(plain, [value('b', 'float')]);
  return node('If', ['c'], ['y'], {
    attributes: { then_branch: taken ? mixing : other, else_branch: taken ? other : mixing } as never,
  });
};
const sizeOf = (of: string, to: string, axis: number) =>
  node('Shape', [of], [to], { attributes: { start: axis, end: axis + 1 } });

describe('the bound of a loop value', () => {
  const own = (index: string, to: string) => [
    node('Add', ['base', index], [`${to}Flat`]),
    node('Gather', ['all', `${to}Flat`], [to]),
  ];
  const picked = [
    node('Shape', ['x'], ['s'], { attributes: { end: 1 } }),
    node('Squeeze', ['s', 'axis0'], ['n']),
    node('Range', ['zero0', 'n', 'one0'], ['r']),
    node('Mul', ['r', 'three'], ['r3']),
    node('Unsqueeze', ['r3', 'one'], ['base']),
    node('Reshape', ['x', 'flat'], ['all']),
    node('ArgMax', ['x'], ['best'], { attributes: { axis: 1, keepdims: 1 } }),
    node('Slice', ['x', 'zero', 'one', 'one'], ['first']),
  ];
  const carrying = (changes: object[]) => ({
    inputs: { x: ['N', 3], j: { int64: ['N', 1] } },
    constants: { ...constants, zero0: 0, one0: 1, trips: 2 },
    initializers: [initializer('yes', 'bool', [], Uint8Array.of(1))],
    nodes: [
      ...picked,
      node('Loop', ['trips', 'yes', 'best', 'first'], ['last', 'y'], {
        attributes: {
          body: graph(
            [node('Identity', ['ci'], ['co']), ...own('i', 'g'), node('Identity', ['g'], ['go']), ...changes],
            [value('co', 'bool'), value('io', 'int64'), value('go', 'float')],
            [value('it', 'int64', []), value('ci', 'bool', []), value('i', 'int64'), value('a', 'float')],
          ),
        } as never,
      }),
    ],
  });

  test('holds if every step keeps it', () => {
    expect(short(proofOf(carrying([node('ArgMin', ['x'], ['io'], { attributes: { axis: 1, keepdims: 1 } })])))).toBe(
      'independent 0,0 | 0',
    );
  });

  test('does not hold if a step sets values without the bound', () => {
    dependent(carrying([node('Identity', ['j'], ['io'])]));
    dependent(
      carrying(
        [node('ArgMax', ['x4'], ['io'], { attributes: { axis: 1, keepdims: 1 } })].flatMap((last) => [
          node('Concat', ['x', 'first'], ['x4'], { attributes: { axis: 1 } }),
          last,
        ]),
      ),
    );
  });

  test('does not hold if a condition chooses between values with and without it', () => {
    const given = carrying([]);
    const either = node('If', ['c'], ['best2'], {
      attributes: {
        then_branch: graph([node('Identity', ['best'], ['p'])], [value('p', 'int64')]),
        else_branch: graph([node('Identity', ['j'], ['q'])], [value('q', 'int64')]),
      } as never,
    });
    const nodes = [...picked, either, ...own('best2', 'y')];
    dependent({ ...given, inputs: { ...given.inputs, c: { bool: [1] } }, nodes });
  });
});

test('sizes that only one branch of a condition has', () => {
  const numbers = [
    node('Shape', ['x'], ['s'], { attributes: { end: 1 } }),
    node('Squeeze', ['s', 'axis0'], ['n']),
    node('Range', ['zero0', 'n', 'one0'], ['r']),
    node('Unsqueeze', ['r', 'one'], ['column']),
  ];
  const sum = (row: string, to: string) => [
    node('Add', ['column', row], [`${to}1`]),
    node('Add', [`${to}1`, 'column'], [to]),
  ];
  const nodes = [
    ...numbers,
    node('If', ['d'], ['u'], {
      attributes: {
        then_branch: graph(sum('p', 'a2'), [value('a2', 'int64')]),
        else_branch: graph(sum('q', 'b2'), [value('b2', 'int64')]),
      } as never,
    }),
    sizeOf('u', 'width', 1),
    node('Equal', ['width', 'three'], ['c']),
    mixedIf(false),
  ];
  const inputs = { x, d: { bool: [1] }, p: { int64: [1, 3] }, q: { int64: [1, 5] } };
  dependent({ inputs: inputs as Graph['inputs'], constants: { ...constants, zero0: 0, one0: 1 }, nodes });
});

describe('sizes that result from broadcasting', () => {
  test('in Einsum', () => {
    const inputs = { x, a: ['N', 'p'], b: ['N', 'q'] };
    const nodes = [
      node('Einsum', ['a', 'b'], ['e'], { attributes: { equation: 'np,np->np' } }),
      sizeOf('e', 'given', 1),
      sizeOf('a', 'p', 1),
      node('Equal', ['given', 'p'], ['c']),
      mixedIf(false),
    ];
    dependent({ inputs, constants, nodes });
  });

  test('with a size that may be 0', () => {
    const nodes = [
      node('NonZero', ['w'], ['found']),
      sizeOf('found', 'f', 1),
      sizeOf('b', 'p', 1),
      node('Min', ['f', 'p'], ['least']),
      node('Expand', ['ones', 'least'], ['some']),
      node('Expand', ['ones', 'p'], ['all']),
      node('Add', ['some', 'all'], ['sum']),
      sizeOf('sum', 'given', 0),
      node('Equal', ['given', 'p'], ['c']),
      mixedIf(false),
    ];
    const more = { ...constants, ones: { floats: [1] } };
    dependent({ inputs: { x, b: ['N', 'p'], w: [3] }, constants: more, nodes });
  });
});

test('sizes of joined tensors if an empty one has different sizes', () => {
  const nodes = [
    node('NonZero', ['w'], ['found']),
    node('Unsqueeze', ['found', 'zero'], ['list']),
    node('Concat', ['list', 'empty'], ['joined'], { attributes: { axis: 0 } }),
    sizeOf('joined', 'given', 2),
    node('Equal', ['given', 'five'], ['c']),
    mixedIf(false),
  ];
  const empty = initializer('empty', 'int64', [0, 1, 5], new BigInt64Array(0));
  const given = { inputs: { x, w: [4] }, constants: { ...constants, five: [5] }, initializers: [empty], nodes };
  dependent(given);
});

describe('an empty list of axes', () => {
  const alone = [node('CumSum', ['q', 'zero0'], ['t']), node('Reshape', ['t', 'back'], ['y'])];
  const more = { ...constants, zero0: 0, back: [-1, 4], none: [] };

  test.each([
    [13, node('Squeeze', ['u', 'none'], ['q'])],
    [11, node('Squeeze', ['u'], ['q'], { attributes: { axes: [] } })],
  ])('means all axes of size 1 in Squeeze of version %d', (opset, squeeze) => {
    const added = opset < 13 ? node('Unsqueeze', ['x'], ['u'], { attributes: { axes: [0] } }) : undefined;
    const nodes = [added ?? node('Unsqueeze', ['x', 'axis0'], ['u']), squeeze, ...alone];
    dependent({ inputs: { x }, constants: more, opset, nodes });
  });

  test('means all axes in the mean of quantized elements', () => {
    const mean = node('QLinearReduceMean', ['x', 's', 'z', 's', 'z'], ['y'], {
      attributes: { axes: [], keepdims: 1 },
      domain: 'com.microsoft',
    });
    const initializers = [
      initializer('s', 'float', [], Float32Array.of(1)),
      initializer('z', 'uint8', [], Uint8Array.of(0)),
    ];
    dependent({ inputs: { x: { uint8: ['N', 4] } }, initializers, nodes: [mean] });
  });
});

describe('Reshape to a number that may be 0 or -1', () => {
  test('may give a different size in each tensor and on each axis', () => {
    const inputs = { x, v: { int64: [1] as number[] } };
    const compared = (nodes: object[]) =>
      dependent({
        inputs,
        constants: {
          ...constants,
          p: { floats: [1, 2, 3] },
          q: { floats: [1, 2, 3, 4, 5] },
          wide: { weights: [3, 5] },
        },
        nodes: [...nodes, node('Equal', ['ps', 'qs'], ['c']), mixedIf(false)],
      });
    const tensors = [node('Reshape', ['p', 'v'], ['pr']), node('Reshape', ['q', 'v'], ['qr'])];
    compared([...tensors, sizeOf('pr', 'ps', 0), sizeOf('qr', 'qs', 0)]);
    const axes = [
      node('Concat', ['v', 'v'], ['vv'], { attributes: { axis: 0 } }),
      node('Reshape', ['wide', 'vv'], ['w']),
    ];
    compared([...axes, sizeOf('w', 'ps', 0), sizeOf('w', 'qs', 1)]);
  });
});

describe('a tensor that is equal for all rows, in an operator with another input that has rows', () => {
  /**
   * Applies nodes to a tensor of equal rows, repeats their result `p` twice, and adds it to the rows of `x` in order.
   */
  const twice = (shape: number[], nodes: object[], more: Partial<Graph>) => {
    const tail = shape.map(() => 1);
    dependent({
      opset: 17,
      ...more,
      inputs: { x: ['N', 2], ...more.inputs },
      constants: {
        ...constants,
        rest: shape,
        rep: [2, ...tail],
        long: [-1, ...tail],
        back: [-1, 2, shape.reduce((a, b) => a * b)],
        ...more.constants,
      },
      nodes: [
        sizeOf('x', 'n', 0),
        node('Concat', ['n', 'rest'], ['to'], { attributes: { axis: 0 } }),
        node('Expand', ['same', 'to'], ['e']),
        ...nodes,
        node('Tile', ['p', 'rep'], ['pp']),
        node('Reshape', ['x', 'long'], ['xx']),
        node('Add', ['pp', 'xx'], ['z']),
        node('Reshape', ['z', 'back'], ['y']),
      ],
    });
  };

  test('GridSample', () => {
    twice([1, 2, 2], [node('GridSample', ['e', 'g'], ['p'])], {
      inputs: { g: ['N', 2, 2, 2] },
      constants: { same: { weights: [1, 1, 2, 2] } },
    });
  });

  test('ReverseSequence', () => {
    const attributes = { batch_axis: 0, time_axis: 1 };
    twice([3], [node('ReverseSequence', ['e', 'l'], ['p'], { attributes })], {
      inputs: { l: { int64: ['N'] } },
      constants: { same: { weights: [1, 3] } },
    });
  });

  test('RotaryEmbedding', () => {
    const turned = node('RotaryEmbedding', ['e', 'ids', 'cos', 'cos'], ['p'], { domain: 'com.microsoft' });
    twice([1, 4], [turned], {
      inputs: { ids: { int64: ['N', 1] } },
      constants: { same: { weights: [1, 1, 4] }, cos: { weights: [2, 2] } },
    });
  });

  test('DeformConv', () => {
    twice([1, 1, 1], [node('DeformConv', ['e', 'w', 'o'], ['p'])], {
      inputs: { o: ['N', 2, 1, 1] },
      constants: { same: { weights: [1, 1, 1, 1] }, w: { weights: [1, 1, 1, 1] } },
      opset: 19,
    });
  });

  test('DequantizeLinear', () => {
    const one = node('DequantizeLinear', ['q', 's'], ['p'], { attributes: { axis: 1, block_size: 2 } });
    twice([2], [node('Cast', ['e'], ['q'], { attributes: { to: 6 } }), one], {
      inputs: { s: ['N', 1] },
      constants: { same: { weights: [1, 2] } },
      opset: 21,
    });
  });

  test('ScatterND writes rows into it, which keep their own layout', () => {
    const nodes = [
      sizeOf('x', 'n', 0),
      node('Mul', ['n', 'two'], ['n2']),
      node('Concat', ['one', 'n2'], ['to'], { attributes: { axis: 0 } }),
      node('Expand', ['same', 'to'], ['e']),
      node('Tile', ['v', 'two'], ['u']),
      node('Unsqueeze', ['u', 'axis0'], ['updates']),
      node('ScatterND', ['e', 'place', 'updates'], ['p']),
      node('Reshape', ['p', 'back'], ['y']),
    ];
    const more = { same: { weights: [1, 1] }, back: [-1, 2] };
    const initializers = [initializer('place', 'int64', [1, 1], BigInt64Array.of(0n))];
    dependent({ inputs: { x, v: ['N'] }, constants: { ...constants, ...more }, initializers, nodes });
  });
});

describe('numbers that wrap around', () => {
  /** Mixes rows if the number is negative, which it is during a run. */
  const negative = (number: string) => [node('Less', [number, 'null'], ['c']), mixedIf(true)];

  test('the absolute value of the least integer', () => {
    const given = { constants: { ...constants, null: [0] }, nodes: [node('Abs', ['v'], ['a']), ...negative('a')] };
    dependent({ ...given, inputs: { x, v: { int64: [1] } } });
    dependent({
      inputs: { x },
      constants,
      initializers: [int32('v', -(2 ** 31)), int32('null', 0)],
      nodes: given.nodes,
    });
    const least = initializer('v', 'int64', [1], BigInt64Array.of(-(2n ** 63n)));
    dependent({ ...given, inputs: { x }, initializers: [least] });
  });

  test.each([
    [2, 300],
    [3, 200],
    [4, 70_000],
    [5, 70_000],
  ])('elements of type %d that are stored as %d', (dataType, given) => {
    const initializers = [{ name: 'v', dataType, dims: [1], int32Data: [given] }];
    const nodes = [
      node('Cast', ['v'], ['a'], { attributes: { to: 7 } }),
      node('Equal', ['a', 'k'], ['c']),
      mixedIf(false),
    ];
    dependent({ inputs: { x }, constants: { ...constants, k: [given] }, initializers, nodes });
  });

  test('elements of UINT32 that are stored with more bits', () => {
    const initializers = [{ name: 'v', dataType: 12, dims: [1], uint64Data: [2 ** 32 + 5] }];
    const nodes = [
      node('Cast', ['v'], ['a'], { attributes: { to: 7 } }),
      node('Equal', ['a', 'k'], ['c']),
      mixedIf(false),
    ];
    dependent({ inputs: { x }, constants: { ...constants, k: [2 ** 32 + 5] }, initializers, nodes });
  });

  /** Mixes rows if the product of the size and `much` is negative in INT32. */
  const large = (size: string) => [
    node('Cast', [size], ['narrow'], { attributes: { to: 6 } }),
    node('Mul', ['narrow', 'much'], ['m']),
    ...negative('m'),
  ];
  const narrow = [int32('much', 2 ** 18), int32('null', 0)];

  test('the number of elements that NonZero finds', () => {
    const initializers = [...narrow, initializer('w', 'bool', [9000], new Uint8Array(9000).fill(1))];
    const nodes = [node('NonZero', ['w'], ['found']), sizeOf('found', 'f', 1), ...large('f')];
    dependent({ inputs: { x }, constants, initializers, nodes });
  });

  test('the number of a step', () => {
    const body = graph(
      [
        node('Identity', ['ci'], ['co']),
        node('Cast', ['it'], ['narrow'], { attributes: { to: 6 } }),
        node('Mul', ['narrow', 'much'], ['m']),
        node('Less', ['m', 'null'], ['c']),
        node('If', ['c'], ['o'], {
          attributes: {
            then_branch: graph(mixed('i', 'a'), [value('a', 'float')]),
            else_branch: graph([node('Identity', ['i'], ['b'])], [value('b', 'float')]),
          } as never,
        }),
      ],
      [value('co', 'bool'), value('o', 'float')],
      [value('it', 'int64', []), value('ci', 'bool', []), value('i', 'float')],
    );
    dependent({
      inputs: { x },
      constants: { ...constants, trips: 9000 },
      initializers: [...narrow, initializer('yes', 'bool', [], Uint8Array.of(1))],
      nodes: [node('Loop', ['trips', 'yes', 'x'], ['y'], { attributes: { body: body as never } })],
    });
  });

  test('a quotient by a fraction', () => {
    const nodes = [
      sizeOf('b', 'p', 1),
      node('Cast', ['p'], ['real'], { attributes: { to: 1 } }),
      node('Div', ['real', 'tiny'], ['q']),
      node('Cast', ['q'], ['t'], { attributes: { to: 6 } }),
      node('Sub', ['t', 'five'], ['less']),
      node('Less', ['t', 'less'], ['c']),
      mixedIf(true),
    ];
    const more = { ...constants, tiny: { floats: [1e-9] } };
    dependent({ inputs: { x, b: ['N', 'p'] }, constants: more, initializers: [int32('five', 5)], nodes });
  });

  test('a quotient of a number of elements larger than any axis, above the maximum size in the verdict', () => {
    const nodes = [
      node('Shape', ['b'], ['sizes'], { attributes: { start: 1 } }),
      node('ReduceProd', ['sizes'], ['count']),
      node('Div', ['count', 'seven'], ['part']),
      ...large('part'),
    ];
    const initializers = [int32('much', 2), int32('null', 0)];
    const given = { inputs: { x, b: ['N', 'p', 'q'] }, constants: { ...constants, seven: [7] }, initializers, nodes };
    expect(proofOf(given).verdict).toMatchObject({ verdict: 'independent', maxSize: 2 ** 14 });
  });

  test('a number with a factor that is not exact', () => {
    const nodes = [
      sizeOf('b', 'p', 1),
      node('Mul', ['p', 'huge'], ['h']),
      node('Mul', ['h', 'huge'], ['hh']),
      node('Mul', ['p', 'hh'], ['m']),
      node('Add', ['m', 'hh'], ['more']),
      node('Less', ['more', 'm'], ['c']),
      mixedIf(true),
    ];
    dependent({ inputs: { x, b: ['N', 'p'] }, constants: { ...constants, huge: [2 ** 31] }, nodes });
  });
});

test('a size of a Resize that keeps proportions', () => {
  const nodes = [
    node('Resize', ['a', '', '', 'to'], ['small'], {
      attributes: { axes: [2, 3], keep_aspect_ratio_policy: 'not_larger' },
    }),
    sizeOf('small', 'given', 2),
    node('Equal', ['given', 'three'], ['c']),
    mixedIf(true),
  ];
  const more = { ...constants, a: { weights: [1, 1, 6, 9] }, to: [6, 4] };
  dependent({ inputs: { x }, constants: more, opset: 18, nodes });
});

describe('sizes of pools', () => {
  const signal = (...sizes: number[]) => ({ weights: [1, 1, ...sizes] });

  test('whose window is larger than the tensor', () => {
    const nodes = [
      node('MaxPool', ['a'], ['pool'], { attributes: { kernel_shape: [3], strides: [2] } }),
      sizeOf('pool', 's', 2),
      node('Equal', ['s', 'zero'], ['c']),
      mixedIf(false),
    ];
    dependent({ inputs: { x }, constants: { ...constants, a: signal(2) }, nodes });
  });

  const pooled = (size: number, attributes: Record<string, number | string | number[]>, real: number) => {
    const nodes = [
      node('MaxPool', ['a'], ['pool'], { attributes }),
      sizeOf('pool', 's', 2),
      node('Equal', ['s', 'real'], ['c']),
      mixedIf(true),
    ];
    dependent({ inputs: { x }, constants: { ...constants, a: signal(size), real: [real] }, nodes });
  };

  test('whose last window is omitted, because it begins after the end', () => {
    pooled(4, { kernel_shape: [1], strides: [2], ceil_mode: 1 }, 2);
    pooled(8, { kernel_shape: [1], strides: [3], pads: [1, 0], ceil_mode: 1 }, 3);
    pooled(6, { kernel_shape: [1], strides: [3], auto_pad: 'VALID', ceil_mode: 1 }, 2);
  });

  test('with padding that keeps the size', () => {
    pooled(3, { kernel_shape: [3], strides: [3], auto_pad: 'SAME_UPPER', ceil_mode: 1 }, 1);
    pooled(5, { kernel_shape: [3], strides: [1], auto_pad: 'SAME_UPPER', dilations: [2] }, 3);
    pooled(3, { kernel_shape: [2], strides: [2], auto_pad: 'SAME_LOWER', dilations: [2] }, 1);
  });

  test('whose last window begins inside the padding, or before it', () => {
    const pool = (from: string, to: string, window: number) => [
      node('MaxPool', [from], [to], { attributes: { kernel_shape: [window], strides: [3], ceil_mode: 1 } }),
      sizeOf(to, `${to}Size`, 2),
    ];
    const nodes = [
      ...pool('a', 'p', 2),
      ...pool('b', 'q', 3),
      node('Equal', ['pSize', 'qSize'], ['c']),
      mixedIf(false),
    ];
    dependent({ inputs: { x }, constants: { ...constants, a: signal(3), b: signal(4) }, nodes });
  });
});

describe('results that the runtime does not write, because the sum has no terms', () => {
  const own = (operator: string, inputs: string[], attributes = {}) =>
    node(operator, inputs, ['y'], { domain: 'com.microsoft', attributes });
  const [scale, point] = [
    initializer('s', 'float', [], Float32Array.of(1)),
    initializer('z', 'uint8', [], Uint8Array.of(0)),
  ];
  const none = (name: string, elem: Elem, ...sizes: number[]) =>
    initializer(name, elem, sizes, elem === 'float' ? new Float32Array(0) : new Uint8Array(0));
  const without = (axis: string) => node('Slice', ['x', 'zero', 'zero', axis], ['e']);
  const more = { ...constants, axis2: [2] };

  test.each([
    node('MatMulInteger', ['e', 'w'], ['y']),
    node('QLinearMatMul', ['e', 's', 'z', 'w', 's', 'z', 's', 'z'], ['y']),
    own('MatMulIntegerToFloat', ['e', 'w', 's', 's']),
    own('QGemm', ['e', 's', 'z', 'w', 's', 'z']),
    own('QGemm', ['e', 's', 'z', 'turned', 's', 'z'], { transB: 1 }),
  ])('products of matrices %#', (product) => {
    const initializers = [scale, point, none('w', 'uint8', 0, 5), none('turned', 'uint8', 5, 0)];
    dependent({ inputs: { x: { uint8: ['N', 4] } }, constants: more, initializers, nodes: [without('one'), product] });
  });

  test.each([
    node('MatMul', ['e', 'turned'], ['y']),
    node('MatMul', ['e', 'v'], ['y']),
    own('FusedMatMul', ['e', 'e'], { transB: 1 }),
    own('FusedMatMul', ['turned', 'turned'], { transA: 1 }),
  ])('products of many matrices %#', (product) => {
    const nodes = [
      without('axis2'),
      node('Transpose', ['e'], ['turned'], { attributes: { perm: [0, 2, 1] } }),
      product,
    ];
    dependent({ inputs: { x: ['N', 4, 6] }, constants: more, initializers: [none('v', 'float', 0)], nodes });
  });

  test('products with weights packed in blocks', () => {
    const product = own('MatMulNBits', ['e', 'w', 'factors'], { K: 0, N: 5, bits: 4, block_size: 16 });
    const initializers = [none('w', 'uint8', 5, 0, 8), none('factors', 'float', 0)];
    dependent({ inputs: { x }, constants: more, initializers, nodes: [without('one'), product] });
  });

  test.each([
    ['float' as const, node('Conv', ['e', 'w'], ['y'])],
    ['float' as const, own('FusedConv', ['e', 'w'], { activation: 'Relu' })],
    ['float' as const, node('ConvTranspose', ['e', 'turned'], ['y'])],
    ['uint8' as const, node('ConvInteger', ['e', 'w'], ['y'])],
    ['uint8' as const, node('QLinearConv', ['e', 's', 'z', 'w', 's', 'z', 's', 'z'], ['y'])],
    ['uint8' as const, own('QLinearConv', ['e', 's', 'z', 'w', 's', 'z', 's', 'z'])],
    ['uint8' as const, own('QLinearConv', ['e', 's', 'z', 'w', 's', 'z', 's', 'z'], { channels_last: 1 })],
  ])('convolutions of %s %#', (elem, convolved) => {
    const initializers = [scale, point, none('w', elem, 3, 0, 1, 1), none('turned', elem, 0, 3, 1, 1)];
    const inputs = { x: { [elem]: ['N', 2, 4, 4] } };
    dependent({ inputs, constants: more, initializers, nodes: [without('one'), convolved] });
  });

  test('attention', () => {
    const attended = own('QAttention', ['e', 'w', 'b', 's', 's', '', 'z', 'z'], { num_heads: 2 });
    const initializers = [scale, point, none('w', 'uint8', 0, 24)];
    const inputs = { x: { uint8: ['N', 4, 8] as Dim[] } };
    dependent({
      inputs,
      constants: { ...more, b: { weights: [24] } },
      initializers,
      nodes: [without('axis2'), attended],
    });
  });

  test('LSTM, and its cells after no steps', () => {
    const lstm = (outputs: string[]) => node('LSTM', ['e', 'w', 'r'], outputs, { attributes: { hidden_size: 2 } });
    const weights = { ...more, w: { weights: [1, 8, 4] }, r: { weights: [1, 8, 2] } };
    const after = (steps: object, outputs: string[]) => ({
      inputs: { x: ['T', 'N', 4] as Dim[] },
      constants: weights,
      nodes: [steps, lstm(outputs)],
    });
    dependent(after(without('zero'), ['', '', 'y']));
    expect(short(proofOf(after(without('zero'), ['', 'y'])))).toBe('independent 1 | 1');
    expect(short(proofOf(after(node('Identity', ['x'], ['e']), ['', '', 'y'])))).toBe('independent 1 | 1');
    const initializers = [none('w', 'float', 1, 8, 0)];
    const { r } = weights;
    const nodes = [without('axis2'), lstm(['', 'y'])];
    dependent({ inputs: { x: ['T', 'N', 4] }, constants: { ...more, r }, initializers, nodes });
  });

  test('for tensors that are the same for all rows', () => {
    const initializers = [scale, point, none('e', 'uint8', 4, 0), none('w', 'uint8', 0, 4)];
    const product = node('MatMulInteger', ['e', 'w'], ['p']);
    const rest = [node('Cast', ['p'], ['f'], { attributes: { to: 1 } }), node('MatMul', ['x', 'f'], ['y'])];
    dependent({ inputs: { x }, constants: more, initializers, nodes: [product, ...rest] });
    const dynamic = node('DynamicQuantizeMatMul', ['e', 'w', 's'], ['f'], { domain: 'com.microsoft' });
    dependent({ inputs: { x }, constants: more, initializers, nodes: [dynamic, ...rest.slice(1)] });
    const unknown = node('NhwcFusedConv', ['e', 'w'], ['f'], { domain: 'com.microsoft' });
    dependent({ inputs: { x }, constants: more, initializers, nodes: [unknown, ...rest.slice(1)] });
  });
});

test('a product of quantized matrices, plus a summand that is fixed for each position', () => {
  const initializers = [
    initializer('s', 'float', [], Float32Array.of(1)),
    initializer('z', 'uint8', [], Uint8Array.of(0)),
    initializer('w', 'uint8', [4, 5], new Uint8Array(20)),
    initializer('c', 'int32', [3, 5], new Int32Array(15)),
  ];
  const nodes = [node('QGemm', ['x', 's', 'z', 'w', 's', 'z', 'c', 's', 'z'], ['y'], { domain: 'com.microsoft' })];
  dependent({ inputs: { x: { uint8: ['N', 4] } }, initializers, nodes });
});

test.each(['Max', 'Min', 'Sum', 'Mean', 'L2', 'LogSumExp'])(
  'negative axes of Reduce%s, which the runtime ignores for an empty tensor',
  (name) => {
    const after = [
      node('Shape', ['r'], ['sizes']),
      node('Gather', ['sizes', 'one'], ['width']),
      node('Shape', ['x'], ['own']),
      node('Gather', ['own', 'first'], ['n']),
      node('Sub', ['two', 'width'], ['missing']),
      node('Mul', ['missing', 'n'], ['fewer']),
      node('Sub', ['n', 'fewer'], ['rows']),
      node('Concat', ['rows', 'rest'], ['to'], { attributes: { axis: 0 } }),
      node('Reshape', ['x', 'to'], ['flat']),
      node('Softmax', ['flat'], ['soft'], { attributes: { axis: 1 } }),
      node('Reshape', ['soft', 'own'], ['y']),
    ];
    const constants = { first: [0], one: [1], two: [2], rest: [-1], ends: [2 ** 31 - 1] };
    const given = (from: string, axis: number, opset: number) => {
      const asInput = opset >= 18 || (opset >= 13 && name === 'Sum');
      const reduced = asInput
        ? node(`Reduce${name}`, [from, 'axis'], ['r'], { attributes: { keepdims: 0 } })
        : node(`Reduce${name}`, [from], ['r'], { attributes: { axes: [axis], keepdims: 0 } });
      const nodes = [node('Slice', ['x', 'one', 'ends', 'one'], ['others']), reduced, ...after];
      return { inputs: { x: ['N', 'S', 2] }, constants: { ...constants, axis: [axis] }, opset, nodes };
    };
    for (const opset of [13, 18]) {
      dependent(given('others', -2, opset));
      expect(short(proofOf(given('others', 1, opset)))).toBe('independent 0 | 0');
      expect(short(proofOf(given('x', -2, opset)))).toBe('independent 0 | 0');
    }
  },
);

test('negative axes of a convolution, which is never empty, and of its repetitions, which may be', () => {
  const filters = { filters: { weights: [3, 2, 3] } };
  const convolution = node('Conv', ['x', 'filters'], ['c']);
  const mean = (from: string) => node('ReduceMean', [from], ['y'], { attributes: { axes: [-1], keepdims: 0 } });
  const given = { inputs: { x: ['N', 2, 'S'], times: { int64: [3] } }, constants: filters };
  expect(short(proofOf({ ...given, nodes: [convolution, mean('c')] }))).toBe('independent 0,- | 0');
  dependent({ ...given, nodes: [convolution, node('Tile', ['c', 'times'], ['t']), mean('t')] });
});

test('an axis that is reduced twice, and another that is not reduced', () => {
  const nodes = [
    node('ReduceMax', ['table'], ['greatest'], { attributes: { axes: [0, -2], keepdims: 1 } }),
    sizeOf('greatest', 'given', 1),
    node('Equal', ['given', 'one'], ['c']),
    mixedIf(false),
  ];
  const table = initializer('table', 'int64', [2, 2], BigInt64Array.of(2n, 3n, 5n, 7n));
  dependent({ inputs: { x }, constants, initializers: [table], nodes });
});

test('scores of a classifier with more labels than classes', () => {
  const attributes = { coefficients: [1, 1, 1, 1], intercepts: [0, 0, 0, 0], classlabels_ints: [0, 1, 2, 3, 4] };
  const nodes = [
    node('LinearClassifier', ['one table'], ['labels', 'scores'], { domain: 'ai.onnx.ml', attributes }),
    sizeOf('scores', 'given', 1),
    node('Equal', ['given', 'five'], ['c']),
    mixedIf(false),
  ];
  dependent({ inputs: { x }, constants: { ...constants, 'one table': { weights: [1, 1] }, five: [5] }, nodes });
});

test('Gemm of a vector, which runs', () => {
  const nodes = [
    sizeOf('b', 'p', 1),
    node('Sub', ['p', 'p'], ['nothing']),
    node('Add', ['nothing', 'one'], ['axis']),
    node('If', ['d'], ['y'], {
      attributes: {
        then_branch: graph(
          [
            node('ReduceSum', ['x', 'one'], ['r'], { attributes: { keepdims: 1 } }),
            node('Squeeze', ['r', 'axis'], ['v']),
            node('Gemm', ['v', 'r'], ['g']),
            node('Add', ['x', 'g'], ['a']),
          ],
          [value('a', 'float')],
        ),
        else_branch: graph([node('Identity', ['x'], ['b2'])], [value('b2', 'float')]),
      } as never,
    }),
  ];
  dependent({ inputs: { x, b: ['N', 'p'], d: { bool: [1] } }, constants, nodes });
});

const float = (name: string, given: number) => initializer(name, 'float', [], Float32Array.of(given));
const cast = (from: string, to: string, type: number) => node('Cast', [from], [to], { attributes: { to: type } });

describe('floats that are NaN, for which comparisons are false', () => {
  const quotient = node('Div', ['nothing', 'nothing'], ['nan']);
  const constantNan = node('Constant', [], ['nan'], { attributes: { value_float: { float: NaN } } });
  const equal = (a: string, b: string) => [node('Equal', [a, b], ['c']), mixedIf(false)];
  const initializers = [float('nothing', 0), float('real', 1)];
  const check = (nodes: object[], inputs: Graph['inputs'] = {}) =>
    dependent({ inputs: { x, ...inputs }, constants, initializers, nodes });

  test.each(['Equal', 'LessOrEqual', 'GreaterOrEqual'])('%s of NaN with itself', (operator) => {
    check([quotient, node(operator, ['nan', 'nan'], ['c']), mixedIf(false)]);
  });

  test('a quotient of differences of sizes', () => {
    const sizes = [sizeOf('p', 'ps', 1), sizeOf('q', 'qs', 1), node('Sub', ['ps', 'qs'], ['d']), cast('d', 'f', 1)];
    check([...sizes, node('Div', ['f', 'f'], ['nan']), ...equal('nan', 'nan')], { p: [1, 'p'], q: [1, 'q'] });
  });

  test.each(['Min', 'Max'])('%s of NaN, constant or computed', (operator) => {
    for (const source of [constantNan, quotient]) {
      check([source, node(operator, ['nan', 'real'], ['m']), ...equal('m', 'm')]);
      check([source, node(operator, ['nan', 'real'], ['m']), ...equal('m', 'real')]);
      check([source, node(operator, ['real', 'nan'], ['m']), node('LessOrEqual', ['m', 'm'], ['c']), mixedIf(false)]);
    }
  });
});

test.each(['float', 'double', 'float16'] as const)(
  '%s beyond the range of UINT32, which converts differently by position',
  (elem) => {
    const like = initializer('like', 'uint32', [1], new Uint32Array(1));
    dependent({ inputs: { x: { [elem]: ['N', 4] } }, nodes: [cast('x', 'y', 12)] });
    dependent({ inputs: { x: { [elem]: ['N', 4] } }, nodes: [cast('x', 'y', 12)], opset: 6 });
    const nodes = [node('CastLike', ['x', 'like'], ['y'])];
    dependent({ inputs: { x: { [elem]: ['N', 4] } }, initializers: [like], nodes });
    expect(short(proofOf({ inputs: { x: { uint8: ['N', 4] } }, initializers: [like], nodes }))).toBe(
      'independent 0 | 0',
    );
  },
);

describe('different results of the same operands', () => {
  test('because of an attribute of Mod', () => {
    const nodes = [
      node('Mod', ['v', 'three'], ['p']),
      node('Mod', ['v', 'three'], ['q'], { attributes: { fmod: 1 } }),
      node('Equal', ['p', 'q'], ['c']),
      mixedIf(false),
    ];
    dependent({ inputs: { x, v: { int64: [1] } }, constants, nodes });
  });

  /** Computes the same result in two types, and mixes rows if the two results differ. */
  const inTypes = (nodes: object[], initializers: object[]) =>
    dependent({
      inputs: { x, b: ['N', 'p'] },
      constants,
      initializers,
      nodes: [
        sizeOf('b', 'p', 1),
        cast('p', 'i', 6),
        cast('p', 'r', 1),
        ...nodes,
        node('Equal', ['pc', 'qc'], ['c']),
        mixedIf(false),
      ],
    });

  test('because of the type of a product', () => {
    const times = (of: string, k: string, to: string) => [
      node('Mul', [of, k], [`${to}1`]),
      node('Mul', [`${to}1`, k], [`${to}2`]),
      cast(`${to}2`, `${to}c`, 9),
    ];
    const nodes = [...times('i', 'k', 'p'), ...times('r', 'l', 'q')];
    inTypes(nodes, [int32('k', 1024), float('l', 1024)]);
  });

  test('because of the type of a quotient', () => {
    const rounded = (of: string, k: string, to: string) => [
      node('Div', [of, k], [`${to}1`]),
      node('Floor', [`${to}1`], [`${to}2`]),
      cast(`${to}2`, `${to}c`, 7),
    ];
    const nodes = [cast('r', 'd', 11), ...rounded('r', 'k', 'p'), ...rounded('d', 'l', 'q')];
    const tenth = Math.fround(0.1);
    inTypes(nodes, [float('k', tenth), initializer('l', 'double', [], Float64Array.of(tenth))]);
  });

  test('because tensors of unknown rank have different numbers of elements', () => {
    const flat = (of: string, to: string) => [
      node('Unique', [of], [`${to}u`], { attributes: { axis: 0 } }),
      node('Reshape', [`${to}u`, 'flat'], [`${to}f`]),
      sizeOf(`${to}f`, `${to}s`, 0),
    ];
    const nodes = [...flat('v', 'p'), ...flat('w', 'q'), node('Equal', ['ps', 'qs'], ['c']), mixedIf(false)];
    dependent({ inputs: { x }, constants: { ...constants, v: { floats: [1, 2] }, w: { floats: [1, 2, 3] } }, nodes });
  });

  test('because branches return fractions', () => {
    const given = (name: string, number: number) =>
      graph([node('Constant', [], [name], { attributes: { value_float: { float: number } } })], [value(name, 'float')]);
    const nodes = [
      node('If', ['d'], ['v'], {
        attributes: { then_branch: given('p', 0.5), else_branch: given('q', 0.25) } as never,
      }),
      node('Floor', ['v'], ['f']),
      node('Equal', ['f', 'v'], ['c']),
      mixedIf(false),
    ];
    dependent({ inputs: { x, d: { bool: [1] } }, constants, nodes });
  });
});

test.each([2n ** 31n - 1n, 2n ** 63n - 1n])(
  'a slice backwards to %d, which the runtime interprets as the beginning',
  (end) => {
    const nodes = [
      node('Slice', ['w', 'one', 'end', 'axis0', 'flat'], ['part']),
      sizeOf('part', 's', 0),
      node('Equal', ['s', 'zero'], ['c']),
      mixedIf(false),
    ];
    const initializers = [initializer('end', 'int64', [1], BigInt64Array.of(end))];
    dependent({ inputs: { x }, constants: { ...constants, w: { floats: [1, 2, 3] } }, initializers, nodes });
  },
);

describe('axes of an empty tensor, which may be longer than memory allows', () => {
  const ends = { end: [1_000_000_000], start: [-1_000_000_000] };

  test.each([
    ['to an end', 'zero', 'end', 'one'],
    ['from a start', 'start', 'ends', 'one'],
    ['backwards', 'flat', 'start', 'flat'],
  ])('that are longer than a slice can reach %s', (_, start, end, step) => {
    const sliced = (length: string) => [
      node('Concat', [length, 'zero'], ['to'], { attributes: { axis: 0 } }),
      node('ConstantOfShape', ['to'], ['e']),
      node('Slice', ['e', start, end, 'axis0', step], ['part']),
      sizeOf('part', 's', 0),
      node('Equal', ['s', length], ['c']),
      mixedIf(false),
    ];
    const more = { ...constants, ...ends, ends: [4_000_000_000], many: [1e8], length: [1_500_000_000] };
    dependent({ inputs: { x }, constants: more, nodes: sliced('length') });
    const computed = [sizeOf('b', 'p', 1), node('Mul', ['p', 'many'], ['pp'])];
    dependent({ inputs: { x, b: ['N', 'p'] }, constants: more, nodes: [...computed, ...sliced('pp')] });
  });

  test('whose length is not exact', () => {
    const list = (name: string, ...given: bigint[]) =>
      initializer(name, 'int64', [given.length], BigInt64Array.from(given));
    const lists = [list('p', 2n ** 53n, 0n), list('q', 2n ** 53n + 1n, 0n)];
    const longer = (name: string) => [
      node('ConstantOfShape', [name], [`${name}e`]),
      node('Concat', [`${name}e`, 'little'], [`${name}l`], { attributes: { axis: 0 } }),
      sizeOf(`${name}l`, `${name}s`, 0),
    ];
    const nodes = [
      node('ConstantOfShape', ['small'], ['little']),
      ...longer('p'),
      ...longer('q'),
      node('Equal', ['ps', 'qs'], ['c']),
      mixedIf(false),
    ];
    dependent({ inputs: { x }, constants: { ...constants, small: [1, 0] }, initializers: lists, nodes });
  });
});

test('results of a loop that may run no steps, whose sizes are then 0', () => {
  const loop = (row: string) =>
    node('Loop', ['m', 'yes'], ['all'], {
      attributes: {
        body: graph(
          [node('Identity', ['ci'], ['co']), node('Identity', [row], ['so'])],
          [value('co', 'bool'), value('so', 'float')],
          [value('it', 'int64', []), value('ci', 'bool', [])],
        ),
      } as never,
    });
  const initializers = [initializer('yes', 'bool', [], Uint8Array.of(1))];
  const given = { constants: { ...constants, w: { weights: [2, 2] } }, initializers };
  const compared = [loop('w'), sizeOf('all', 's', 1), node('Equal', ['s', 'two'], ['c']), mixedIf(false)];
  dependent({ ...given, inputs: { x, m: { int64: [] } }, nodes: compared });
  const summed = [loop('x'), node('ReduceSum', ['all', 'axis0'], ['y'], { attributes: { keepdims: 0 } })];
  dependent({ ...given, inputs: { x, m: { int64: [] } }, nodes: summed });
  expect(short(proofOf({ ...given, inputs: { x }, nodes: summed, constants: { ...given.constants, m: 2 } }))).toBe(
    'independent 0 | 0',
  );
});

test.each([
  [1, 'float', Float32Array],
  [6, 'int32', Int32Array],
] as const)('numbers of rows that overflow in type %d', (type, elem, List) => {
  const scalar = (name: string, given: number) => initializer(name, elem, [], List.of(given));
  const stride = type === 1 ? 2 ** 22 : 2 ** 24;
  const nodes = (width: string) => [
    node('Shape', ['x'], ['s'], { attributes: { end: 1 } }),
    node('Squeeze', ['s', 'axis0'], ['n']),
    cast('n', 'typed', type),
    node('Range', ['from', 'typed', 'by'], ['r']),
    node('Mul', ['r', 'stride'], ['base']),
    node('Add', ['base', 'more'], ['place']),
    cast('place', 'index', 7),
    node('Tile', ['x', width], ['big']),
    node('Reshape', ['big', 'flat'], ['all']),
    node('Gather', ['all', 'index'], ['y']),
  ];
  const given = (size: number) => ({
    inputs: { x: ['N', 1] },
    constants: { ...constants, wide: [1, size] },
    initializers: [scalar('from', 0), scalar('by', 1), scalar('stride', size), scalar('more', size - 1)],
    nodes: nodes('wide'),
  });
  dependent(given(stride));
  expect(short(proofOf(given(64)))).toBe('independent 0 | 0');
});

describe('omitted and duplicate definitions in a file', () => {
  test('no version of the operators, which means the newest', () => {
    const given = { inputs: { x: ['N'] }, nodes: [node('Softmax', ['x'], ['y'])], opset: 12 };
    expect(short(proofOf(given))).toBe('independent 0 | 0');
    dependent({ ...given, opset: undefined });
  });

  test('an input of a graph that is also a constant', () => {
    const body = {
      ...graph(
        [
          node('Identity', ['ci'], ['co']),
          node('Less', ['it', 'three0'], ['c']),
          mixedIf(true),
          node('Identity', ['y'], ['so']),
        ],
        [value('co', 'bool'), value('so', 'float')],
        [value('it', 'int64', []), value('ci', 'bool', [])],
      ).graph,
      initializer: [initializer('it', 'int64', [], BigInt64Array.of(5n))],
    };
    const nodes = [
      node('Loop', ['trips', 'yes'], ['all'], { attributes: { body: { graph: body } as never } }),
      node('ReduceSum', ['all', 'axis0'], ['y'], { attributes: { keepdims: 0 } }),
    ];
    const initializers = [initializer('yes', 'bool', [], Uint8Array.of(1))];
    dependent({ inputs: { x }, constants: { ...constants, trips: 2, three0: 3 }, initializers, nodes });
  });
});

describe('declared sizes that are untrue, which the runtime trusts', () => {
  const shapeOf = (name: string) => [
    node('Shape', [name], ['s']),
    node('Gather', ['s', 'first'], ['n']),
    node('Concat', ['n', 'rest'], ['to'], { attributes: { axis: 0 } }),
    node('Reshape', ['x', 'to'], ['flat']),
    node('Softmax', ['flat'], ['soft']),
    node('Shape', ['x'], ['own']),
    node('Reshape', ['soft', 'own'], ['y']),
  ];
  const given = { inputs: { x: ['N', 4] }, constants: { first: [0], rest: [-1], axis1: [1], keep: [0, -1] } };
  const nodes = [node('Relu', ['x'], ['r']), ...shapeOf('r')];

  test('of a result', () => {
    for (const r of [
      ['N', 4],
      ['other', 'four'],
      [null, 4],
      [0, 4],
    ])
      expect(short(proofOf({ ...given, nodes, declared: { r } }))).toBe('independent 0 | 0');
    for (const r of [
      [1, 4],
      [1, null],
      ['N', 3],
      [1, 4, 1],
    ])
      dependent({ ...given, nodes, declared: { r } });
  });

  test('not where a first dimension of 1 is freed, because the new file does not have them', () => {
    const fixed = { ...given, inputs: { x: [1, 4] }, nodes, declared: { r: [1, 4] } };
    expect(proofOf(fixed).ifFreed).toBeDefined();
  });

  test('of an output that a node reads', () => {
    dependent({ ...given, nodes, outputs: ['y', 'r'], declared: { r: [1, 4] } });
    expect(short(proofOf({ ...given, nodes, declared: { y: [1, 4], r: ['N', 4] } }))).toMatch(
      /^not understood Reshape/,
    );
    const within = graph([node('Shape', ['r'], ['inner'])], [value('inner', 'int64')]);
    const chosen = node('If', ['yes'], ['s'], { attributes: { then_branch: within, else_branch: within } as never });
    const byBranch = nodes.map((one) => (one.opType === 'Shape' && one.input[0] === 'r' ? chosen : one));
    const branched = {
      ...given,
      nodes: byBranch,
      outputs: ['y', 'r'],
      initializers: [initializer('yes', 'bool', [], Uint8Array.of(1))],
    };
    expect(short(proofOf(branched))).toBe('independent 0 | 0,0');
    dependent({ ...branched, declared: { r: [1, 4] } });
    const last = [node('Relu', ['x'], ['y'])];
    expect(short(proofOf({ ...given, nodes: last, declared: { y: [1, 4] } }))).toBe('independent 0 | 0');
  });

  test('of a reshape that the runtime joins with the one before it', () => {
    const joined = [
      node('Reshape', ['x', 'keep'], ['a']),
      node('Unsqueeze', ['a', 'axis1'], ['b']),
      node('Softmax', ['b'], ['soft']),
      node('Shape', ['x'], ['own']),
      node('Reshape', ['soft', 'own'], ['y']),
    ];
    expect(short(proofOf({ ...given, nodes: joined }))).toBe('independent 0 | 0');
    dependent({ ...given, nodes: joined, declared: { b: [1, 1, null] } });
  });

  test('in a branch, a loop or a function', () => {
    const relu = (type: number[] | undefined) =>
      graph([node('Relu', ['x'], ['inner'])], [value('inner', 'float', type)]) as { graph: object };
    const branches = (type: number[] | undefined) => ({ then_branch: relu(type), else_branch: relu(type) });
    const chosen = (type?: number[]) => [
      node('If', ['yes'], ['r'], { attributes: branches(type) as never }),
      ...shapeOf('r'),
    ];
    const initializers = [initializer('yes', 'bool', [], Uint8Array.of(1))];
    expect(short(proofOf({ ...given, initializers, nodes: chosen() }))).toBe('independent 0 | 0');
    dependent({ ...given, initializers, nodes: chosen([1, 4]) });

    const body = (type?: number[]) => ({
      graph: graph(
        [node('Identity', ['ci'], ['co']), node('Relu', ['v'], ['w'])],
        [value('co', 'bool', []), value('w', 'float')],
        [value('it', 'int64', []), value('ci', 'bool', []), value('v', 'float', type)],
      ).graph,
    });
    const looped = (type?: number[]) => [
      node('Loop', ['three', 'yes', 'x'], ['r'], { attributes: { body: body(type) as never } }),
      ...shapeOf('r'),
    ];
    const loop = { ...given, constants: { ...given.constants, three: 3 }, initializers };
    expect(short(proofOf({ ...loop, nodes: looped() }))).toBe('independent 0 | 0');
    dependent({ ...loop, nodes: looped([1, 4]) });

    const f = (valueInfo: object[]) => ({
      domain: 'own',
      name: 'F',
      input: ['a'],
      output: ['b'],
      node: [node('Relu', ['a'], ['c']), node('Relu', ['c'], ['b'])],
      opsetImport: [{ domain: '', version: 17 }],
      valueInfo,
    });
    const called = [node('F', ['x'], ['r'], { domain: 'own' }), ...shapeOf('r')];
    expect(short(proofOf({ ...given, functions: [f([])], nodes: called }))).toBe('independent 0 | 0');
    dependent({ ...given, functions: [f([value('c', 'float', [1, 4])])], nodes: called });
  });
});

describe('parts of a result that the runtime leaves unwritten', () => {
  const inputs = { x, v: { int64: [1] as number[] } };
  /** Tests an operator twice: on rows, and on constants with the result added to the rows. */
  const both = (nodes: (of: string, to: string) => object[], more: Partial<Graph> = {}) => {
    const given = { inputs, ...more, constants: { ...constants, w: { weights: [3, 4] }, ...more.constants } };
    dependent({ ...given, nodes: nodes('x', 'y') });
    const added = [node('ReduceSum', ['u'], ['t'], { attributes: { keepdims: 0 } }), cast('t', 'f', 1)];
    dependent({ ...given, nodes: [...nodes('w', 'u'), ...added, node('Add', ['x', 'f'], ['y'])] });
  };
  const part = (of: string) => node('Slice', [of, 'zero', 'v', 'one'], ['part']);

  test('by Concat, for an empty tensor whose other sizes do not match', () => {
    both((of, to) => [
      node('Unsqueeze', [of, 'one'], ['a']),
      part(of),
      node('Unsqueeze', ['part', 'one'], ['b']),
      node('Concat', ['a', 'b'], [to], { attributes: { axis: 1 } }),
    ]);
    const stacked = (of: string, to: string) => [
      part(of),
      node('SequenceConstruct', [of, 'part'], ['list']),
      node('ConcatFromSequence', ['list'], [to], { attributes: { axis: 1, new_axis: 1 } }),
    ];
    both(stacked);
    const unknown = [
      node('Unique', ['w'], ['p'], { attributes: { axis: 0 } }),
      node('Concat', ['p', 'w'], ['u'], { attributes: { axis: 0 } }),
      node('ReduceSum', ['u'], ['t'], { attributes: { keepdims: 0 } }),
      node('Add', ['x', 't'], ['y']),
    ];
    dependent({ inputs: { x }, constants: { ...constants, w: { weights: [3, 4] } }, nodes: unknown });
  });

  test('not by Concat for sizes that are never 0', () => {
    const nodes = [node('Concat', ['p', 'q'], ['y'], { attributes: { axis: 2 } })];
    expect(short(proofOf({ inputs: { p: ['N', 'a', 2], q: ['N', 'b', 2] }, nodes }))).toBe('independent 0,0 | 0');
  });

  test('by Pad, which wraps around only once', () => {
    const wrap = (of: string, to: string) => [node('Pad', [of, 'pads'], [to], { attributes: { mode: 'wrap' } })];
    both(wrap, { constants: { pads: [0, 5, 0, 0] }, opset: 19 });
    both(wrap, { constants: { pads: [0, 4, 0, 5] }, opset: 19 });
    both(wrap, { inputs: { x, pads: { int64: [4] } }, opset: 19 });
    const once = { inputs: { x }, constants: { pads: [0, 4, 0, 4] }, nodes: wrap('x', 'y'), opset: 19 };
    expect(short(proofOf(once))).toBe('independent 0 | 0');
  });

  const bytes = (name: string, sizes: number[]) =>
    initializer(name, 'uint8', sizes, new Uint8Array(sizes.reduce((product, size) => product * size)));
  const scales = [float('s', 1), bytes('z', [1])];
  const microsoft = { domain: 'com.microsoft' };
  const cases: Record<string, (a: string, b: string, to: string) => object> = {
    MatMulInteger: (a, b, to) => node('MatMulInteger', [a, b], [to]),
    QLinearMatMul: (a, b, to) => node('QLinearMatMul', [a, 's', 'z', b, 's', 'z', 's', 'z'], [to]),
    MatMulIntegerToFloat: (a, b, to) => node('MatMulIntegerToFloat', [a, b, 's', 's', 'z', 'z'], [to], microsoft),
    QGemm: (a, b, to) => node('QGemm', [a, 's', 'z', b, 's', 'z'], [to], microsoft),
  };

  test.each(Object.entries(cases))('by %s, for an axis that may be empty', (_, product) => {
    const few = [cast('x', 'x8', 2), cast('w', 'w8', 2)];
    both(
      (of, to) => [
        ...few,
        part(`${of}8`),
        node('Slice', ['b', 'zero', 'v', 'zero'], ['few']),
        product('part', 'few', to),
      ],
      { initializers: [...scales, bytes('b', [4, 2])] },
    );
    const whole = [cast('x', 'x8', 2), product('x8', 'b', 'y')];
    const given = { inputs: { x }, initializers: [...scales, bytes('b', [4, 2])], nodes: whole };
    expect(short(proofOf(given))).toBe('independent 0 | 0');
  });

  test('by ConvInteger, without channels', () => {
    const window = [
      node('Slice', ['b', 'zero', 'v', 'one'], ['few']),
      cast('x', 'x8', 2),
      node('Unsqueeze', ['x8', 'two'], ['pictures']),
      node('ConvInteger', ['pictures', 'few'], ['y']),
    ];
    dependent({ inputs, constants, initializers: [bytes('b', [2, 4, 1])], nodes: window });
    const whole = [...window.slice(1, 3), node('ConvInteger', ['pictures', 'b'], ['y'])];
    expect(short(proofOf({ inputs: { x }, constants, initializers: [bytes('b', [2, 4, 1])], nodes: whole }))).toBe(
      'independent 0 | 0',
    );
  });
});
