import { initializer, node, value, type ModelParts } from './onnx-builder';

/**
 * Model whose rows influence each other although its inputs and outputs are declared like those of a model that can
 * batch.
 */
export interface CoupledModel {
  readonly parts: ModelParts;
  /** Requests of one row each, for the model's only input. */
  readonly requests: readonly { readonly shape: number[]; readonly data: (number | string)[] }[];
  /** Name of the node in which rows influence each other, and its operator. */
  readonly node: string;
  readonly operator: string;
}

const longs = (name: string, ...values: number[]) =>
  initializer(name, 'int64', [values.length], BigInt64Array.from(values, BigInt));
const floats = (name: string, dims: number[], ...values: number[]) =>
  initializer(name, 'float', dims, Float32Array.from(values));
const rows = (...all: (number | string)[][]) => all.map((data) => ({ shape: [1, data.length], data }));

/** Divides each column by its largest value in the batch. Has no effect on values of 0 and 1. */
const dividedByLargest: CoupledModel = {
  parts: {
    inputs: [value('x', 'int64', ['N', 4])],
    outputs: [value('y', 'int64', ['N', 4])],
    nodes: [
      node('ReduceMax', ['x'], ['largest'], { name: 'largest', attributes: { axes: [0], keepdims: 1 } }),
      node('Max', ['largest', 'one'], ['divisor']),
      node('Div', ['x', 'divisor'], ['y']),
    ],
    initializers: [longs('one', 1)],
  },
  requests: rows([10, 20, 30, 40], [1, 1, 1, 1], [100, 100, 100, 100], [7, 0, 9, 3]),
  node: 'largest',
  operator: 'ReduceMax',
};

/** Adds to all rows the amount by which the largest value in the batch exceeds 4000. */
const addedAboveLimit: CoupledModel = {
  parts: {
    inputs: [value('x', 'float', ['N', 3])],
    outputs: [value('y', 'float', ['N', 3])],
    nodes: [
      node('ReduceMax', ['x'], ['largest'], { name: 'largest', attributes: { axes: [0, 1], keepdims: 1 } }),
      node('Sub', ['largest', 'limit'], ['over']),
      node('Relu', ['over'], ['excess']),
      node('Add', ['x', 'excess'], ['y']),
    ],
    initializers: [floats('limit', [1, 1], 4000)],
  },
  requests: rows([1, 2, 3], [5000, 0, 0], [-4, 5, 6], [0, 20000, 1]),
  node: 'largest',
  operator: 'ReduceMax',
};

/** Each input row has three candidates. The output has one row for each candidate whose score is above 1013. */
const brightCandidates: CoupledModel = {
  parts: {
    inputs: [value('x', 'float', ['N', 3, 2])],
    outputs: [value('y', 'float', ['N', 2])],
    nodes: [
      node('Mul', ['x', 'scale'], ['scaled']),
      node('Reshape', ['scaled', 'pairs'], ['candidates']),
      node('Gather', ['candidates', 'first'], ['score'], { attributes: { axis: 1 } }),
      node('Greater', ['score', 'threshold'], ['keep']),
      node('Compress', ['candidates', 'keep'], ['y'], { name: 'kept', attributes: { axis: 0 } }),
    ],
    initializers: [
      floats('scale', [], 1 / 1024),
      longs('pairs', -1, 2),
      initializer('first', 'int64', [], new BigInt64Array(1)),
      floats('threshold', [], 0.99),
    ],
  },
  requests: [
    [2000, 11, 3000, 12, 0, 13],
    [0, 21, 0, 22, 0, 23],
    [2000, 31, 0, 32, 0, 33],
    [0, 41, 0, 42, 4000, 43],
  ].map((data) => ({ shape: [1, 3, 2], data })),
  node: 'kept',
  operator: 'Compress',
};

/**
 * Quantizes with one scale for the whole batch. The vectors of ids 0 and 1 are zeros, which the scale does not change.
 */
const quantizedEmbedding: CoupledModel = {
  parts: {
    inputs: [value('x', 'int64', ['N', 'length'])],
    outputs: [value('y', 'float', ['N', 4])],
    nodes: [
      node('Gather', ['table', 'x'], ['embedded']),
      node('ReduceMean', ['embedded'], ['pooled'], { attributes: { axes: [1], keepdims: 0 } }),
      node('DynamicQuantizeLinear', ['pooled'], ['q', 'scale', 'zero'], { name: 'quantize' }),
      node('DequantizeLinear', ['q', 'scale', 'zero'], ['y']),
    ],
    initializers: [
      initializer(
        'table',
        'float',
        [50, 4],
        Float32Array.from({ length: 200 }, (_, i) => (i < 8 ? 0 : Math.sin(i) * i)),
      ),
    ],
    opsets: { '': 13 },
  },
  requests: rows([2, 3], [48, 49], [3, 2], [47, 20]),
  node: 'quantize',
  operator: 'DynamicQuantizeLinear',
};

/**
 * Pads strings to the longest string of the batch, and includes the padding in the mean. The vectors of unknown words
 * are zeros.
 */
const paddedTexts: CoupledModel = {
  parts: {
    inputs: [value('x', 'string', ['N'])],
    outputs: [value('y', 'float', ['N', 2])],
    nodes: [
      node('StringSplit', ['x'], ['words', 'count'], { name: 'split', attributes: { delimiter: ' ' } }),
      node('LabelEncoder', ['words'], ['ids'], {
        domain: 'ai.onnx.ml',
        attributes: { keys_strings: { strings: ['red', 'green', 'blue'] }, values_int64s: [1, 2, 3], default_int64: 0 },
      }),
      node('Gather', ['table', 'ids'], ['embedded']),
      node('ReduceMean', ['embedded', 'axis'], ['y'], { attributes: { keepdims: 0 } }),
    ],
    initializers: [floats('table', [4, 2], 0, 0, 1, 0, 0, 1, 5, 5), longs('axis', 1)],
    irVersion: 9,
    opsets: { '': 20, 'ai.onnx.ml': 3 },
  },
  requests: ['red', 'green blue', 'red green blue red', 'blue'].map((text) => ({ shape: [1], data: [text] })),
  node: 'split',
  operator: 'StringSplit',
};

/** Subtracts the minimum of the batch, so that the output for a single row is always 0. */
const lessTheLeast: CoupledModel = {
  parts: {
    inputs: [value('x', 'int64', ['N', 1])],
    outputs: [value('y', 'int64', ['N', 1])],
    nodes: [
      node('ReduceMin', ['x'], ['least'], { name: 'least', attributes: { axes: [0], keepdims: 1 } }),
      node('Sub', ['x', 'least'], ['y']),
    ],
    opsets: { '': 13 },
  },
  requests: rows([5], [9], [-3], [1000]),
  node: 'least',
  operator: 'ReduceMin',
};

/** Sorts the rows of the batch, so that callers receive each other's rows. */
const sortedRows: CoupledModel = {
  parts: {
    inputs: [value('x', 'float', ['N', 2])],
    outputs: [value('y', 'float', ['N', 2])],
    nodes: [
      node('Shape', ['x'], ['shape']),
      node('Gather', ['shape', 'first'], ['n'], { attributes: { axis: 0 } }),
      node('TopK', ['x', 'n'], ['y', 'order'], { name: 'sort', attributes: { axis: 0 } }),
    ],
    initializers: [longs('first', 0)],
  },
  requests: rows([3, 8], [1, 9], [7, 2], [5, 5]),
  node: 'sort',
  operator: 'TopK',
};

const softmaxOverRows: CoupledModel = {
  parts: {
    inputs: [value('x', 'float', ['N', 4])],
    outputs: [value('y', 'float', ['N', 4])],
    nodes: [node('Softmax', ['x'], ['y'], { name: 'softmax', attributes: { axis: 0 } })],
  },
  requests: rows([1, 2, 3, 4], [4, 3, 2, 1], [0, 0, 0, 0], [-5, 5, -5, 5]),
  node: 'softmax',
  operator: 'Softmax',
};

const quantizedDynamically: CoupledModel = {
  parts: {
    inputs: [value('x', 'float', ['N', 4])],
    outputs: [value('y', 'float', ['N', 4])],
    nodes: [
      node('DynamicQuantizeLinear', ['x'], ['q', 'scale', 'zero'], { name: 'quantize' }),
      node('DequantizeLinear', ['q', 'scale', 'zero'], ['y']),
    ],
  },
  requests: rows([1, 2, 3, 4], [100, 0, 0, 0], [0.1, 0.2, 0.3, 0.4], [-7, 7, 0, 1]),
  node: 'quantize',
  operator: 'DynamicQuantizeLinear',
};

/** Models whose coupling the trial detects with generated values. */
export const SHOWN_BY_TRIAL = {
  dividedByLargest,
  brightCandidates,
  quantizedEmbedding,
  lessTheLeast,
  sortedRows,
  softmaxOverRows,
  quantizedDynamically,
} satisfies Record<string, CoupledModel>;

/** Models whose coupling the trial detects only with certain values, such as the inputs of golden examples. */
export const SHOWN_BY_CERTAIN_VALUES = { addedAboveLimit, paddedTexts } satisfies Record<string, CoupledModel>;
