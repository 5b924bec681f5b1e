/**
 * Models whose rows influence each other although trials do not show it, and models that can batch (field cases M8,
 * M22, M23).
 */
import { node } from '../support/onnx-builder';
import { proofOf, short, type Graph } from './support';

const ML = { domain: 'ai.onnx.ml' };

/** Encoder with attention within each row. Shapes are split and joined as by torch's exporter. */
function encoder(batch: string | null): Graph {
  const heads = (name: string) => [
    node('MatMul', ['normal', `w_${name}`], [`${name}_flat`]),
    node('Reshape', [`${name}_flat`, 'split_shape'], [`${name}_split`]),
    node('Transpose', [`${name}_split`], [name], { attributes: { perm: name === 'k' ? [0, 2, 3, 1] : [0, 2, 1, 3] } }),
  ];
  return {
    inputs: { ids: { int64: [batch, null] } },
    constants: {
      table: { weights: [100, 16] },
      gain: { weights: [16] },
      ...Object.fromEntries(['q', 'k', 'v', 'o'].map((name) => [`w_${name}`, { weights: [16, 16] }])),
      index0: 0,
      index1: 1,
      axis0: [0],
      heads: [2],
      size: [8],
      width: [16],
      root: { floats: [2.8] },
    },
    nodes: [
      node('Gather', ['table', 'ids'], ['embedded']),
      node('LayerNormalization', ['embedded', 'gain', 'gain'], ['normal']),
      node('Shape', ['normal'], ['shape']),
      node('Gather', ['shape', 'index0'], ['batch'], { attributes: { axis: 0 } }),
      node('Gather', ['shape', 'index1'], ['length'], { attributes: { axis: 0 } }),
      node('Unsqueeze', ['batch', 'axis0'], ['batch1']),
      node('Unsqueeze', ['length', 'axis0'], ['length1']),
      node('Concat', ['batch1', 'length1', 'heads', 'size'], ['split_shape'], { attributes: { axis: 0 } }),
      node('Concat', ['batch1', 'length1', 'width'], ['joined_shape'], { attributes: { axis: 0 } }),
      ...['q', 'k', 'v'].flatMap(heads),
      node('MatMul', ['q', 'k'], ['products']),
      node('Div', ['products', 'root'], ['scores']),
      node('Softmax', ['scores'], ['attention'], { attributes: { axis: -1 } }),
      node('MatMul', ['attention', 'v'], ['mixed']),
      node('Transpose', ['mixed'], ['mixed_t'], { attributes: { perm: [0, 2, 1, 3] } }),
      node('Reshape', ['mixed_t', 'joined_shape'], ['joined']),
      node('MatMul', ['joined', 'w_o'], ['projected']),
      node('Add', ['projected', 'embedded'], ['y']),
    ],
  };
}

const COUPLED: Record<string, [Graph, RegExp]> = {
  'each column divided by its largest value, which trials with 0 and 1 do not show': [
    {
      inputs: { x: { int64: ['N', 4] } },
      constants: { one: [1] },
      nodes: [
        node('ReduceMax', ['x'], ['largest'], { attributes: { axes: [0], keepdims: 1 } }),
        node('Max', ['largest', 'one'], ['divisor']),
        node('Div', ['x', 'divisor'], ['y']),
      ],
    },
    /^coupled ReduceMax/,
  ],
  'values above 1000 in any row added to all rows': [
    {
      inputs: { x: ['N', 3] },
      constants: { limit: { floats: [1000] } },
      nodes: [
        node('ReduceMax', ['x'], ['largest'], { attributes: { axes: [0, 1], keepdims: 1 } }),
        node('Sub', ['largest', 'limit'], ['over']),
        node('Relu', ['over'], ['excess']),
        node('Add', ['x', 'excess'], ['y']),
      ],
    },
    /^coupled ReduceMax/,
  ],
  'a detector with non-maximum suppression, whose first output axis counts detections': [
    {
      inputs: { images: ['batch', 3, 12] },
      constants: {
        zero: [0],
        four: [4],
        twelve: [12],
        axis2: [2],
        template: { weights: [8, 1] },
        most: [5],
        overlap: { floats: [0.5] },
        threshold: { floats: [0.9] },
        column0: [0],
        column02: [0, 2],
      },
      nodes: [
        node('Slice', ['images', 'zero', 'four', 'axis2'], ['boxes']),
        node('Slice', ['images', 'four', 'twelve', 'axis2'], ['features']),
        node('MatMul', ['features', 'template'], ['score']),
        node('Transpose', ['score'], ['scores'], { attributes: { perm: [0, 2, 1] } }),
        node('NonMaxSuppression', ['boxes', 'scores', 'most', 'overlap', 'threshold'], ['selected']),
        node('Gather', ['selected', 'column0'], ['which'], { attributes: { axis: 1 } }),
        node('Gather', ['selected', 'column02'], ['where'], { attributes: { axis: 1 } }),
        node('GatherND', ['boxes', 'where'], ['box']),
        node('GatherND', ['score', 'where'], ['kept']),
        node('Cast', ['which'], ['picture'], { attributes: { to: 1 } }),
        node('Concat', ['picture', 'box', 'kept'], ['y'], { attributes: { axis: 1 } }),
      ],
    },
    /^coupled NonMaxSuppression/,
  ],
  'candidates of all pictures in one list, from which only the bright ones are kept': [
    {
      inputs: { image: ['batch_size', 3, 2] },
      outputs: ['boxes', 'scores'],
      constants: { pairs: [-1, 2], first: 0, threshold: { floats: [0.99] } },
      nodes: [
        node('Reshape', ['image', 'pairs'], ['candidates']),
        node('Gather', ['candidates', 'first'], ['score'], { attributes: { axis: 1 } }),
        node('Greater', ['score', 'threshold'], ['keep']),
        node('Compress', ['candidates', 'keep'], ['boxes'], { attributes: { axis: 0 } }),
        node('Compress', ['score', 'keep'], ['scores'], { attributes: { axis: 0 } }),
      ],
    },
    /^coupled Compress/,
  ],
  'dynamic quantization over the batch, which vectors of zeros do not show': [
    {
      inputs: { ids: { int64: ['batch', 'sequence'] } },
      constants: { table: { weights: [50, 16] }, weights: { floats: [1] } },
      nodes: [
        node('Gather', ['table', 'ids'], ['embedded']),
        node('ReduceMean', ['embedded'], ['pooled'], { attributes: { axes: [1], keepdims: 0 } }),
        node('DynamicQuantizeLinear', ['pooled'], ['quantized', 'scale', 'zero']),
        node('Cast', ['quantized'], ['real'], { attributes: { to: 1 } }),
        node('Mul', ['real', 'scale'], ['y']),
      ],
    },
    /^coupled DynamicQuantizeLinear/,
  ],
  'strings padded to the longest of the batch, which strings of one word do not show': [
    {
      inputs: { text: { string: ['batch'] } },
      opset: 20,
      constants: { table: { weights: [4, 2] }, axis1: [1] },
      nodes: [
        node('StringSplit', ['text'], ['words', 'count'], { attributes: { delimiter: ' ' } }),
        node('LabelEncoder', ['words'], ['ids'], {
          ...ML,
          attributes: { keys_strings: { strings: ['red'] }, values_int64s: [1], default_int64: 0 },
        }),
        node('Gather', ['table', 'ids'], ['embedded']),
        node('ReduceMean', ['embedded', 'axis1'], ['y'], { attributes: { keepdims: 0 } }),
      ],
    },
    /^coupled StringSplit/,
  ],
  'the minimum of the batch subtracted, which equal rows do not show': [
    {
      inputs: { x: { int64: ['N', 1] } },
      opset: 13,
      nodes: [
        node('ReduceMin', ['x'], ['least'], { attributes: { axes: [0], keepdims: 1 } }),
        node('Sub', ['x', 'least'], ['y']),
      ],
    },
    /^coupled ReduceMin/,
  ],
  'sorted rows': [
    {
      inputs: { x: ['N', 2] },
      outputs: ['y'],
      constants: { first: [0] },
      nodes: [
        node('Shape', ['x'], ['shape']),
        node('Gather', ['shape', 'first'], ['n'], { attributes: { axis: 0 } }),
        node('TopK', ['x', 'n'], ['y', 'order'], { attributes: { axis: 0 } }),
      ],
    },
    /^coupled TopK/,
  ],
};

test.each(Object.entries(COUPLED))('coupled: %s', (_, [graph, expected]) => {
  expect(short(proofOf(graph))).toMatch(expected);
});

const INDEPENDENT: Record<string, Graph> = {
  'an encoder': encoder('batch'),
  'a convolutional network': {
    inputs: { image: ['N', 1, 8, 8] },
    constants: {
      kernel: { weights: [4, 1, 3, 3] },
      four: { weights: [4] },
      w: { weights: [64, 10] },
      bias: { weights: [10] },
    },
    nodes: [
      node('Conv', ['image', 'kernel', 'four'], ['c'], { attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] } }),
      node('BatchNormalization', ['c', 'four', 'four', 'four', 'four'], ['normal']),
      node('Relu', ['normal'], ['r']),
      node('MaxPool', ['r'], ['pooled'], { attributes: { kernel_shape: [2, 2], strides: [2, 2] } }),
      node('Flatten', ['pooled'], ['flat']),
      node('Gemm', ['flat', 'w', 'bias'], ['logits']),
      node('Softmax', ['logits'], ['y'], { attributes: { axis: 1 } }),
    ],
  },
  trees: {
    inputs: { x: ['N', 2] },
    nodes: [node('TreeEnsembleRegressor', ['x'], ['y'], { ...ML, attributes: { n_targets: 1 } })],
  },
};

test.each(Object.entries(INDEPENDENT))('independent: %s', (_, graph) => {
  expect(short(proofOf(graph))).toBe('independent 0 | 0');
});

test('independent: the mean over the words of each row', () => {
  const graph: Graph = {
    inputs: { ids: { int64: ['batch', 'sequence'] }, mask: { int64: ['batch', 'sequence'] } },
    constants: { table: { weights: [40, 6] }, last: [-1], axis1: [1], tiny: { floats: [1e-9] } },
    nodes: [
      node('Gather', ['table', 'ids'], ['embedded']),
      node('Cast', ['mask'], ['real_mask'], { attributes: { to: 1 } }),
      node('Unsqueeze', ['real_mask', 'last'], ['wide_mask']),
      node('Mul', ['embedded', 'wide_mask'], ['kept']),
      node('ReduceSum', ['kept', 'axis1'], ['sum'], { attributes: { keepdims: 0 } }),
      node('ReduceSum', ['wide_mask', 'axis1'], ['count'], { attributes: { keepdims: 0 } }),
      node('Max', ['count', 'tiny'], ['divisor']),
      node('Div', ['sum', 'divisor'], ['y']),
    ],
  };
  expect(short(proofOf(graph))).toBe('independent 0,0 | 0');
});

test('independent: categories and numbers of a row', () => {
  const graph: Graph = {
    inputs: { port: { string: ['N'] }, age: ['N', 1] },
    constants: { depth: [4], values: { floats: [0, 1] }, w: { weights: [5, 1] } },
    nodes: [
      node('LabelEncoder', ['port'], ['id'], {
        ...ML,
        attributes: { keys_strings: { strings: ['C', 'Q'] }, values_int64s: [0, 1], default_int64: 3 },
      }),
      node('OneHot', ['id', 'depth', 'values'], ['hot'], { attributes: { axis: -1 } }),
      node('Concat', ['hot', 'age'], ['features'], { attributes: { axis: 1 } }),
      node('Gemm', ['features', 'w'], ['score']),
      node('Sigmoid', ['score'], ['y']),
    ],
  };
  expect(short(proofOf(graph))).toBe('independent 0,0 | 0');
});

// Besides N, the names are those that tf2onnx and Paddle write; null means no name.
test.each(['N', 'unk__214', 'p2o.DynamicDimension.0', null])(
  'the name of the first dimension, %p, proves nothing',
  (name) => {
    expect(short(proofOf(encoder(name)))).toBe('independent 0 | 0');
    expect(
      short(
        proofOf({ inputs: { x: [name, 4] }, nodes: [node('CumSum', ['x', 'axis'], ['y'])], constants: { axis: 0 } }),
      ),
    ).toMatch(/^coupled CumSum/);
  },
);

test('inputs that name their rows differently', () => {
  const add = (a: string | null, b: string | null) =>
    short(proofOf({ inputs: { a: [a, 4], b: [b, 4] }, nodes: [node('Add', ['a', 'b'], ['y'])] }));
  expect(add('unk__1', 'unk__2')).toBe('independent 0,0 | 0');
  expect(add('batch', null)).toBe('independent 0,0 | 0');
});
