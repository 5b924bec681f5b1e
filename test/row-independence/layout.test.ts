import { node } from '../support/onnx-builder';
import { proofOf, short, verdictOf } from './support';

describe('Reshape', () => {
  const to = (shape: number[], x: (number | string)[] = ['N', 4, 6], attributes = {}) =>
    verdictOf('Reshape', { x, constants: { shape }, with: ['shape'], attributes });
  /** Verdict of a graph that reshapes x, applies Softmax along the given axis, and restores the shape. */
  const through = (shape: number[], axis: number) =>
    short(
      proofOf({
        inputs: { x: ['N', 4, 6] },
        constants: { shape, back: [-1, 4, 6] },
        nodes: [
          node('Reshape', ['x', 'shape'], ['a']),
          node('Softmax', ['a'], ['b'], { attributes: { axis } }),
          node('Reshape', ['b', 'back'], ['y']),
        ],
      }),
    );

  test('keeps whole rows', () => {
    expect(to([-1, 24])).toBe('independent 0 | 0');
    expect(to([0, -1])).toBe('independent 0 | 0');
    expect(to([0, 0, 2, 3])).toBe('independent 0 | 0');
    expect(to([-1, 2, 2, 6])).toBe('independent 0 | 0');
  });

  test('folds axes behind the rows', () => {
    expect(to([-1, 6])).toMatch(/^coupled Reshape: .*different number of rows/);
    expect(through([-1, 6], 1)).toBe('independent 0 | 0');
    expect(through([-1, 6], 0)).toMatch(/^coupled Softmax/);
  });

  test('moves rows to fixed axes', () => {
    expect(to([4, -1])).toMatch(/^not understood Reshape/);
    expect(to([1, -1, 24])).toBe('independent 0 | 1');
    expect(to([24, -1])).toMatch(/^not understood Reshape/);
    expect(to([2, 4, 6])).toMatch(/^coupled Reshape: .*fixed size/);
  });

  test('combines parts of several rows', () => {
    expect(to([-1, 48])).toMatch(/^not understood Reshape/);
    expect(to([-1, 5])).toMatch(/^not understood Reshape/);
    expect(to([-1, 4], ['N', 'length', 3])).toMatch(/^not understood Reshape/);
  });

  test('with 0 for a size', () => {
    expect(to([0, 24], ['N', 4, 6], { allowzero: 1 })).toMatch(/^not understood Reshape/);
  });

  test('to a shape that does not fit, of which the runtime infers a size', () => {
    const constants = { zeros: [0], two: [2], three: [3], rest: [-1] };
    const shape = [
      node('Shape', ['x'], ['s']),
      node('Gather', ['s', 'zeros'], ['n']),
      node('Mul', ['n', 'two'], ['m']),
    ];
    const concat = (inputs: string[], output: string) => node('Concat', inputs, [output], { attributes: { axis: 0 } });
    const mixed = [
      ...shape,
      concat(['two', 'm', 'three'], 'to'),
      node('Reshape', ['x', 'to'], ['wrong']),
      node('Transpose', ['wrong'], ['turned'], { attributes: { perm: [1, 0, 2] } }),
      concat(['n', 'rest'], 'back'),
      node('Reshape', ['turned', 'back'], ['y']),
    ];
    expect(short(proofOf({ inputs: { x: ['N', 6] }, constants, nodes: mixed }))).toMatch(/^not understood Reshape/);
    const fits = [...shape, concat(['m', 'three'], 'to'), node('Reshape', ['x', 'to'], ['r'])];
    const back = [concat(['n', 'rest'], 'back'), node('Reshape', ['r', 'back'], ['y'])];
    expect(short(proofOf({ inputs: { x: ['N', 6] }, constants, nodes: [...fits, ...back] }))).toBe('independent 0 | 0');
    const shared = [
      node('Shape', ['x'], ['s'], { attributes: { start: 1 } }),
      node('Mul', ['s', 'zeros'], ['nothing']),
      node('Add', ['nothing', 'one'], ['seemsOne']),
      concat(['seemsOne', 'two'], 'to'),
      node('Reshape', ['six', 'to'], ['three by two']),
      node('Add', ['x', 'three by two'], ['y']),
    ];
    const more = { ...constants, one: [1], six: { weights: [6] } };
    expect(short(proofOf({ inputs: { x: ['N', 'S'] }, constants: more, nodes: shared }))).not.toMatch(/^independent/);
  });

  test('with an unknown shape', () => {
    const given = { inputs: { shape: { int64: [3] } }, with: ['shape'], x: ['N', 4, 6] };
    expect(verdictOf('Reshape', given)).toMatch(/^coupled Reshape/);
    expect(verdictOf('Reshape', { ...given, inputs: { shape: { int64: ['r'] } } })).toMatch(
      /takes the shape to reshape to from the rows/,
    );
  });

  test('of rows on an axis other than the first', () => {
    const nodes = [
      node('Transpose', ['x'], ['t'], { attributes: { perm: [1, 0, 2] } }),
      node('Reshape', ['t', 'flat'], ['f']),
      node('Relu', ['f'], ['r']),
      node('Reshape', ['r', 'back'], ['b']),
      node('Transpose', ['b'], ['y'], { attributes: { perm: [1, 0, 2] } }),
    ];
    // The nodes reshape [steps, rows, width] to [steps * rows, width], and back.
    expect(short(proofOf({ inputs: { x: ['N', 4, 6] }, constants: { flat: [-1, 6], back: [4, -1, 6] }, nodes }))).toBe(
      'independent 0 | 0',
    );
    expect(
      short(proofOf({ inputs: { x: ['N', 4, 6] }, constants: { flat: [-1, 6], back: [-1, 4, 6] }, nodes })),
    ).toMatch(/^coupled|^not understood/);
  });
});

test('Flatten', () => {
  expect(verdictOf('Flatten')).toBe('independent 0 | 0');
  expect(verdictOf('Flatten', { attributes: { axis: 2 } })).toMatch(/^coupled Flatten: .*different number/);
  expect(verdictOf('Flatten', { attributes: { axis: 0 } })).toMatch(/^coupled Flatten: .*different number/);
  expect(verdictOf('Flatten', { attributes: { axis: -2 } })).toBe('independent 0 | 0');
});

test('Squeeze', () => {
  expect(verdictOf('Squeeze', { x: ['N', 1, 6], constants: { axes: [1] }, with: ['axes'] })).toBe('independent 0 | 0');
  expect(verdictOf('Squeeze', { x: ['N', 1, 6], attributes: { axes: [-2] }, opset: 11 })).toBe('independent 0 | 0');
  expect(verdictOf('Squeeze', { x: ['N', 1, 6] })).toBe(
    'coupled Squeeze: drops the axis of the rows if there is one row',
  );
  expect(verdictOf('Squeeze', { x: ['N', 1, 6], constants: { axes: [0] }, with: ['axes'] })).toMatch(
    /^coupled Squeeze/,
  );
});

test('Unsqueeze and Transpose move the rows', () => {
  expect(verdictOf('Unsqueeze', { constants: { axes: [0, -1] }, with: ['axes'] })).toBe('independent 0 | 1');
  expect(verdictOf('Transpose', { attributes: { perm: [2, 0, 1] } })).toBe('independent 0 | 1');
  expect(verdictOf('Transpose')).toBe('independent 0 | 2');
});

describe('Expand and Tile', () => {
  const shapeOf = [node('Shape', ['x'], ['shape']), node('Slice', ['shape', 'zero', 'one'], ['n'])];
  const constants = { zero: [0], one: [1], six: [6], token: { weights: [1, 6] } };

  test('from one token to one for each row', () => {
    const nodes = [
      ...shapeOf,
      node('Concat', ['n', 'six'], ['to'], { attributes: { axis: 0 } }),
      node('Expand', ['token', 'to'], ['y']),
    ];
    expect(short(proofOf({ inputs: { x: ['N', 4] }, constants, nodes }))).toBe('independent 0 | 0');
  });

  test('of a token in front of the steps of each row', () => {
    const nodes = [
      node('Shape', ['x'], ['shape']),
      node('Gather', ['shape', 'at'], ['n'], { attributes: { axis: 0 } }),
      node('Unsqueeze', ['n', 'zero'], ['n1']),
      node('Concat', ['n1', 'minus', 'minus'], ['to'], { attributes: { axis: 0 } }),
      node('Expand', ['token', 'to'], ['tokens']),
      node('Concat', ['tokens', 'x'], ['y'], { attributes: { axis: 1 } }),
    ];
    const given = { constants: { zero: [0], at: 0, minus: [1], token: { weights: [1, 1, 6] } }, nodes };
    expect(short(proofOf({ inputs: { x: ['N', 'steps', 6] }, ...given }))).toBe('independent 0 | 0');
  });

  test('of the rows themselves', () => {
    expect(verdictOf('Expand', { constants: { to: [3, 1, 4, 6] }, with: ['to'] })).toBe('independent 0 | 1');
    expect(verdictOf('Expand', { constants: { to: [3, 4, 6] }, with: ['to'] })).toMatch(/^coupled Expand/);
    expect(verdictOf('Tile', { constants: { times: [1, 2, 1] }, with: ['times'] })).toBe('independent 0 | 0');
    expect(verdictOf('Tile', { constants: { times: [2, 1, 1] }, with: ['times'] })).toMatch(
      /^coupled Tile: .*different number of rows/,
    );
  });
});

test('Concat, Split', () => {
  const two = { inputs: { b: ['N', 2, 6] }, with: ['b'] };
  expect(verdictOf('Concat', { ...two, attributes: { axis: 1 } })).toBe('independent 0,0 | 0');
  expect(verdictOf('Concat', { ...two, attributes: { axis: -2 } })).toBe('independent 0,0 | 0');
  expect(verdictOf('Concat', { ...two, inputs: { b: ['N', 4, 6] }, attributes: { axis: 0 } })).toMatch(
    /^coupled Concat/,
  );
  expect(
    verdictOf('Concat', { constants: { w: { weights: [1, 4, 6] } }, with: ['w'], attributes: { axis: 1 } }),
  ).toMatch(/^coupled Concat/);
  expect(verdictOf('Split', { outputs: ['y', 'z'], attributes: { axis: 1 } })).toBe('independent 0 | 0,0');
  expect(verdictOf('Split', { outputs: ['y', 'z'], attributes: { axis: 0 } })).toMatch(/^coupled Split/);
  expect(verdictOf('Split', { outputs: ['y', 'z'] })).toMatch(/^coupled Split/);
});

describe('blocks of all rows on one axis', () => {
  const twice = (nodes: object[], outputs = ['y']) =>
    short(
      proofOf({
        inputs: { a: ['N', 4], b: ['N', 4] },
        nodes: [
          node('Concat', ['a', 'b'], ['both'], { attributes: { axis: 0 } }),
          node('Relu', ['both'], ['r']),
          ...nodes,
        ],
        outputs,
      }),
    );

  test('joined, and split again', () => {
    expect(twice([node('Split', ['r'], ['y', 'z'], { attributes: { axis: 0 } })], ['y', 'z'])).toBe(
      'independent 0,0 | 0,0',
    );
    expect(twice([node('Split', ['r'], ['y', 'z', 'q', 'p'], { attributes: { axis: 0 } })], ['y', 'z'])).toMatch(
      /^(coupled|not understood)/,
    );
    expect(twice([node('Identity', ['r'], ['y'])])).toMatch(/^coupled Identity: .*different number of rows/);
  });

  test('with other rows in between', () => {
    expect(twice([node('Add', ['r', 'a'], ['y'])])).toMatch(/^coupled Add/);
    expect(twice([node('Softmax', ['r'], ['y'], { attributes: { axis: 0 } })])).toMatch(/^coupled Softmax/);
  });

  test('joined with a tensor without rows', () => {
    const nodes = [node('Concat', ['x', 'w'], ['y'], { attributes: { axis: 0 } })];
    expect(short(proofOf({ inputs: { x: ['N', 4] }, constants: { w: { weights: [1, 4] } }, nodes }))).toMatch(
      /^coupled Concat/,
    );
  });
});

describe('Slice', () => {
  const slice = (starts: number[], ends: number[], axes: number[], steps?: number[]) =>
    verdictOf('Slice', {
      constants: { starts, ends, axes, ...(steps && { steps }) },
      with: ['starts', 'ends', 'axes', ...(steps ? ['steps'] : [])],
    });

  test('on axes other than that of the rows', () => {
    expect(slice([1], [3], [1])).toBe('independent 0 | 0');
    expect(slice([-1], [-5], [1], [-1])).toBe('independent 0 | 0');
  });

  test.each([2 ** 31 - 1, 1_000_000_000, Number.MAX_SAFE_INTEGER])('of all rows, to %d', (end) => {
    expect(slice([0, 1], [end, 3], [0, 1])).toBe('independent 0 | 0');
  });

  test('of all rows, to the end in 64 bits', () => {
    const end = {
      name: 'end',
      dataType: 7,
      dims: [1],
      rawData: new Uint8Array(BigInt64Array.of(2n ** 63n - 1n).buffer),
    };
    expect(verdictOf('Slice', { constants: { zero: [0] }, initializers: [end], with: ['zero', 'end', 'zero'] })).toBe(
      'independent 0 | 0',
    );
  });

  test('of some rows, or of all in a different order', () => {
    expect(slice([0], [1], [0])).toMatch(/^coupled Slice/);
    expect(slice([1], [2 ** 31 - 1], [0])).toMatch(/^coupled Slice/);
    expect(slice([0], [-1], [0])).toMatch(/^coupled Slice/);
    expect(slice([-1], [-(2 ** 31)], [0], [-1])).toMatch(/^coupled Slice/);
    expect(slice([0], [2 ** 31 - 1], [0], [2])).toMatch(/^coupled Slice/);
  });

  test('with attributes, in old versions', () => {
    expect(verdictOf('Slice', { opset: 9, attributes: { starts: [1], ends: [2], axes: [1] } })).toBe(
      'independent 0 | 0',
    );
    expect(verdictOf('Slice', { opset: 9, attributes: { starts: [0], ends: [1] } })).toMatch(/^coupled Slice/);
  });
});

test('Pad', () => {
  const pad = (pads: number[]) => verdictOf('Pad', { constants: { pads }, with: ['pads'] });
  expect(pad([0, 1, 1, 0, 1, 1])).toBe('independent 0 | 0');
  expect(pad([1, 0, 0, 0, 0, 0])).toMatch(/^coupled Pad/);
  expect(pad([0, 0, 0, 1, 0, 0])).toMatch(/^coupled Pad/);
  expect(verdictOf('Pad', { opset: 2, attributes: { pads: [0, 0, 1, 0, 0, 1] } })).toBe('independent 0 | 0');
  expect(verdictOf('Pad', { inputs: { pads: { int64: [6] } }, with: ['pads'] })).toMatch(/^coupled Pad/);
});

test('Resize, Upsample', () => {
  const x = ['N', 3, 8, 8];
  const scales = (...floats: number[]) => ({ x, constants: { none: { floats: [] }, s: { floats } }, with: ['', 's'] });
  expect(verdictOf('Resize', scales(1, 1, 2, 2))).toBe('independent 0 | 0');
  expect(verdictOf('Resize', scales(2, 1, 1, 1))).toMatch(/^coupled Resize/);
  expect(verdictOf('Upsample', { x, opset: 7, attributes: { scales: { floats: [1, 1, 2, 2] } } })).toBe(
    'independent 0 | 0',
  );
  expect(verdictOf('Upsample', { x, opset: 7, attributes: { scales: { floats: [2, 1, 1, 1] } } })).toMatch(
    /^coupled Upsample/,
  );
  const crop = { ...scales(1, 1, 2, 2), attributes: { coordinate_transformation_mode: 'tf_crop_and_resize' } };
  expect(verdictOf('Resize', crop)).toMatch(/^not understood Resize/);
  const axes = { x, opset: 18, constants: { s: { floats: [2, 2] } }, with: ['', 's'] };
  expect(verdictOf('Resize', { ...axes, attributes: { axes: [2, 3] } })).toBe('independent 0 | 0');
  expect(verdictOf('Resize', { ...axes, attributes: { axes: [0, 1] } })).toMatch(/^coupled Resize/);
});

describe('Resize and Upsample that interpolate, which spreads infinities and NaN along the rows', () => {
  const resize = (x: (string | number)[], floats: number[], attributes: object) =>
    verdictOf('Resize', {
      x,
      constants: { none: { floats: [] }, s: { floats } },
      with: ['', 's'],
      attributes: attributes as Record<string, string>,
    });

  test.each(['linear', 'cubic'])('%s', (mode) => {
    expect(resize(['N', 6], [1, 2], { mode })).toMatch(/^coupled Resize: interpolates along the axis that counts rows/);
    expect(resize(['N', 3, 6], [1, 1, 2], { mode })).toMatch(/^coupled Resize/);
    expect(resize(['N', 3, 6], [1, 1, 1], { mode })).toBe('independent 0 | 0');
    expect(resize(['N', 3, 8, 8], [1, 1, 2, 2], { mode })).toBe('independent 0 | 0');
    expect(resize([1, 1, 'N', 8], [1, 1, 1, 2], { mode })).not.toMatch(/^independent/);
    const attributes = { mode, scales: { floats: [1, 1, 2] } };
    expect(verdictOf('Upsample', { x: ['N', 3, 6], opset: 7, attributes })).toMatch(/^coupled Upsample/);
  });

  test('nearest does not', () => {
    expect(resize(['N', 3, 6], [1, 1, 2], { mode: 'nearest' })).toBe('independent 0 | 0');
  });
});

test('Trilu, EyeLike', () => {
  expect(verdictOf('Trilu')).toBe('independent 0 | 0');
  expect(verdictOf('Trilu', { x: ['N', 4] })).toMatch(/^coupled Trilu/);
  expect(verdictOf('EyeLike', { x: ['N', 4] })).toMatch(/^coupled EyeLike/);
});
