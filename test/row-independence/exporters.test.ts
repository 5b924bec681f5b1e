import { node } from '../support/onnx-builder';
import { proofOf, short, type Graph } from './support';

const proof = (graph: Graph) => short(proofOf(graph));

describe('TorchScript', () => {
  const ids = { int64: ['batch', 'sequence'] };

  /** Nodes of x.view(x.size(0), x.size(1), 2, 4).transpose(1, 2) and of the way back. */
  const heads = (first: string[]) => [
    node('Shape', ['x'], ['s']),
    node('Gather', ['s', 'zero'], ['b0'], { attributes: { axis: 0 } }),
    node('Gather', ['s', 'one'], ['t0'], { attributes: { axis: 0 } }),
    node('Unsqueeze', ['b0', 'axis0'], ['b']),
    node('Unsqueeze', ['t0', 'axis0'], ['t']),
    node('Concat', [...first, 'two', 'four'], ['to'], { attributes: { axis: 0 } }),
    node('Reshape', ['x', 'to'], ['split']),
    node('Transpose', ['split'], ['heads'], { attributes: { perm: [0, 2, 1, 3] } }),
    node('Transpose', ['heads'], ['turned'], { attributes: { perm: [0, 1, 3, 2] } }),
    node('MatMul', ['heads', 'turned'], ['products']),
    node('Softmax', ['products'], ['weights'], { attributes: { axis: -1 } }),
    node('MatMul', ['weights', 'heads'], ['mixed']),
    node('Transpose', ['mixed'], ['back'], { attributes: { perm: [0, 2, 1, 3] } }),
    node('Concat', ['b', 't', 'eight'], ['from'], { attributes: { axis: 0 } }),
    node('Reshape', ['back', 'from'], ['y']),
  ];
  const constants = { zero: 0, one: 1, axis0: [0], two: [2], four: [4], eight: [8], minus: [-1], five: [5] };

  test('splits heads by the sizes of the input', () => {
    expect(proof({ inputs: { x: ['batch', 'sequence', 8] }, constants, nodes: heads(['b', 't']) })).toBe(
      'independent 0 | 0',
    );
    expect(proof({ inputs: { x: ['batch', 'sequence', 8] }, constants, nodes: heads(['b', 'minus']) })).toBe(
      'independent 0 | 0',
    );
  });

  test('fixes the length of the traced sequence', () => {
    expect(proof({ inputs: { x: ['batch', 'sequence', 8] }, constants, nodes: heads(['minus', 'five']) })).toMatch(
      /^not understood Reshape/,
    );
    expect(proof({ inputs: { x: ['batch', 5, 8] }, constants, nodes: heads(['minus', 'five']) })).toBe(
      'independent 0 | 0',
    );
  });

  test('expands dimensions without -1', () => {
    const nodes = [
      node('Shape', ['x'], ['s']),
      node('Gather', ['s', 'zero'], ['b'], { attributes: { axis: 0 } }),
      node('Unsqueeze', ['b', 'axis0'], ['b1']),
      node('Concat', ['b1', 'minus', 'minus'], ['size'], { attributes: { axis: 0 } }),
      node('ConstantOfShape', ['three'], ['ones'], {
        attributes: { value: { tensor: { dataType: 7, dims: [1], int64Data: [1] } } },
      }),
      node('Mul', ['ones', 'minusOne'], ['minuses']),
      node('Equal', ['size', 'minuses'], ['given']),
      node('Where', ['given', 'ones', 'size'], ['to']),
      node('Expand', ['token', 'to'], ['tokens']),
      node('Concat', ['tokens', 'x'], ['y'], { attributes: { axis: 1 } }),
    ];
    const more = { ...constants, three: [3], minusOne: -1, token: { weights: [1, 1, 8] } };
    expect(proof({ inputs: { x: ['batch', 'sequence', 8] }, constants: more, nodes })).toBe('independent 0 | 0');
  });

  /** Nodes of mask.flatten()[arange(batch) * length + arange(length)], as exported for Hugging Face's masks. */
  const flatMask = (stride: string, end = 't') => [
    node('Shape', ['mask'], ['s']),
    node('Gather', ['s', 'zero'], ['b'], { attributes: { axis: 0 } }),
    node('Gather', ['s', 'one'], ['t'], { attributes: { axis: 0 } }),
    node('Range', ['zero', 'b', 'one'], ['rows0']),
    node('Unsqueeze', ['rows0', 'axes123'], ['rows']),
    node('Range', ['zero', end, 'one'], ['columns0']),
    node('Unsqueeze', ['columns0', 'axes012'], ['columns']),
    node('Mul', ['rows', stride], ['begin']),
    node('Add', ['begin', 'columns'], ['flat']),
    node('Flatten', ['mask'], ['list'], { attributes: { axis: 2 } }),
    node('Gather', ['list', 'flat'], ['y']),
  ];
  const axes = { ...constants, axes123: [1, 2, 3], axes012: [0, 1, 2], three: 3, eight8: 8, nine: 9 };

  test('picks from a mask by one index that counts through all rows', () => {
    expect(proof({ inputs: { mask: ids }, constants: axes, nodes: flatMask('t') })).toBe('independent 0 | 0');
    expect(proof({ inputs: { mask: { int64: ['batch', 8] } }, constants: axes, nodes: flatMask('eight8') })).toBe(
      'independent 0 | 0',
    );
  });

  test('unless that index points outside its row', () => {
    expect(proof({ inputs: { mask: ids }, constants: axes, nodes: flatMask('three') })).toMatch(/^coupled Gather/);
    expect(
      proof({ inputs: { mask: { int64: ['batch', 8] } }, constants: axes, nodes: flatMask('eight8', 'nine') }),
    ).toMatch(/^coupled Gather/);
    const free = proof({ inputs: { mask: ids, k: { int64: [] } }, constants: axes, nodes: flatMask('t', 'k') });
    expect(free).toMatch(/^coupled Gather/);
  });

  test('writes pads as one list that it reverses', () => {
    const nodes = [
      node('Concat', ['pads', 'rest'], ['all'], { attributes: { axis: 0 } }),
      node('Reshape', ['all', 'pairs'], ['p']),
      node('Slice', ['p', 'minus', 'first', 'axis0', 'minus'], ['turned']),
      node('Transpose', ['turned'], ['t'], { attributes: { perm: [1, 0] } }),
      node('Reshape', ['t', 'minus'], ['list']),
      node('Cast', ['list'], ['to'], { attributes: { to: 7 } }),
      node('Pad', ['x', 'to'], ['y']),
    ];
    const more = { ...constants, rest: [0, 0, 0, 0], pairs: [-1, 2], first: [-(2 ** 31)] };
    const padded = (pads: number[], rest = [0, 0, 0, 0]) =>
      proof({ inputs: { x: ['batch', 3, 8, 8] }, constants: { ...more, pads, rest }, nodes });
    expect(padded([1, 1, 2, 2])).toBe('independent 0 | 0');
    expect(padded([1, 1, 2, 2], [0, 0, 1, 0])).toMatch(/^coupled Pad/);
  });
});

test('torch.export: shapes of symbols, squeezed scalars', () => {
  const nodes = [
    node('Shape', ['x'], ['b1'], { attributes: { start: 0, end: 1 } }),
    node('Shape', ['x'], ['t1'], { attributes: { start: 1, end: 2 } }),
    node('Squeeze', ['t1'], ['t0']),
    node('Reshape', ['t0', 'minus'], ['t']),
    node('Concat', ['b1', 't', 'two', 'four'], ['to'], { attributes: { axis: 0 } }),
    node('Reshape', ['x', 'to'], ['split'], { attributes: { allowzero: 1 } }),
    node('Concat', ['minus', 't', 'eight'], ['from'], { attributes: { axis: 0 } }),
    node('Reshape', ['split', 'from'], ['y'], { attributes: { allowzero: 1 } }),
  ];
  const constants = { minus: [-1], two: [2], four: [4], eight: [8] };
  expect(proof({ inputs: { x: ['s0', 's1', 8] }, constants, nodes, opset: 18 })).toBe('independent 0 | 0');
});

test('tf2onnx: shapes in INT32, strided slices, batch from the input', () => {
  const nodes = [
    node('Transpose', ['x'], ['nchw'], { attributes: { perm: [0, 3, 1, 2] } }),
    node('Conv', ['nchw', 'w'], ['c'], { attributes: { auto_pad: 'SAME_UPPER', strides: [2, 2] } }),
    node('Transpose', ['c'], ['nhwc'], { attributes: { perm: [0, 2, 3, 1] } }),
    node('Shape', ['nhwc'], ['s']),
    node('Cast', ['s'], ['s32'], { attributes: { to: 6 } }),
    node('Slice', ['s32', 'zero', 'one', 'zero'], ['b']),
    node('Squeeze', ['b', 'zero'], ['b0']),
    node('Unsqueeze', ['b0', 'zero'], ['b1']),
    node('Concat', ['b1', 'flat'], ['to'], { attributes: { axis: 0 } }),
    node('Cast', ['to'], ['to64'], { attributes: { to: 7 } }),
    node('Reshape', ['nhwc', 'to64'], ['y']),
  ];
  const flat = { name: 'flat', dataType: 6, dims: [1], int32Data: [4 * 4 * 5] };
  const given = { constants: { w: { weights: [5, 3, 3, 3] }, zero: [0], one: [1] }, initializers: [flat], nodes };
  expect(proof({ inputs: { x: ['unk__214', 8, 8, 3] }, ...given })).toBe('independent 0 | 0');
});

test('Paddle: sizes that are copied with 0, and slices of shapes', () => {
  const nodes = [
    node('Conv', ['x', 'w'], ['c'], { attributes: { pads: [1, 1, 1, 1] } }),
    node('Shape', ['c'], ['s']),
    node('Slice', ['s', 'three', 'four'], ['width']),
    node('Reshape', ['c', 'list'], ['flat']),
    node('Transpose', ['flat'], ['t'], { attributes: { perm: [0, 2, 1] } }),
    node('Concat', ['zero', 'one', 'width', 'five'], ['to'], { attributes: { axis: 0 } }),
    node('Reshape', ['t', 'to'], ['y']),
  ];
  const constants = {
    w: { weights: [5, 3, 3, 3] },
    three: [3],
    four: [4],
    zero: [0],
    one: [1],
    five: [5],
    list: [0, 5, -1],
  };
  expect(proof({ inputs: { x: ['p2o.DynamicDimension.0', 3, 1, 'p2o.DynamicDimension.1'] }, constants, nodes })).toBe(
    'independent 0 | 0',
  );
});

test('Paddle: joins feature maps of several sizes, which are equal if the run succeeds', () => {
  const halved = { attributes: { pads: [1, 1, 1, 1], strides: [2, 2] } };
  const nodes = [
    node('Conv', ['x', 'w'], ['half'], halved),
    node('Conv', ['half', 'w'], ['quarter'], halved),
    node('Resize', ['quarter', '', 'scales'], ['doubled'], { attributes: { mode: 'nearest' } }),
    node('Add', ['half', 'doubled'], ['sum']),
    node('Concat', ['doubled', 'sum', 'half'], ['y'], { attributes: { axis: 1 } }),
  ];
  const constants = { w: { weights: [3, 3, 3, 3] }, scales: { floats: [1, 1, 2, 2] } };
  expect(proof({ inputs: { x: ['n', 3, 'height', 'width'] }, constants, nodes })).toBe('independent 0 | 0');
});

test('Paddle: the number of rows and the size of a padded picture in INT32', () => {
  const nodes = [
    node('Conv', ['x', 'w'], ['c'], { attributes: { pads: [20, 20, 20, 20], strides: [2, 2] } }),
    node('Reshape', ['c', 'list'], ['flat']),
    node('Shape', ['flat'], ['s']),
    node('Cast', ['s'], ['s32'], { attributes: { to: 6 } }),
    node('Cast', ['s32'], ['s64'], { attributes: { to: 7 } }),
    node('Reshape', ['flat', 's64'], ['y']),
  ];
  const constants = { w: { weights: [3, 3, 3, 3] }, list: [0, 3, -1] };
  expect(proof({ inputs: { x: ['n', 3, 'height', 'width'] }, constants, nodes })).toBe('independent 0 | 0');
});
