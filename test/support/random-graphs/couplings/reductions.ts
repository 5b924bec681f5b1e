import type { RandomGraph, Result, Rows, Tensor } from '../random-graph';
import { asMatrix, rank, reshape, rowsTo, shapeOf, sizeVector, transpose } from '../shapes';
import { known, ONE, type Size } from '../size';
import { callSoftmax } from '../operators/recurrent';
import { otherAxes } from '../operators/axes';
import { fromEitherEnd, reduce } from '../versions';
import { rowCount, type Coupling } from './coupling';

type Rowed<T = Tensor> = T & { readonly rows: Rows };

/** Couplings that compute a value from the whole batch and apply it to each row. */
export const REDUCTIONS: readonly Coupling[] = [
  ...['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceL2', 'ReduceLogSumExp'].map((op) => ({
    name: `${op} over the rows`,
    apply: (graph: RandomGraph, t: Rowed) => {
      const axis = fromEitherEnd(graph, t.rows.axis, rank(t));
      return added(graph, t, reduce(graph, op, t, [axis], true));
    },
  })),
  {
    name: 'reduction over all axes',
    apply: (graph, t) =>
      added(graph, t, graph.add(graph.choices.pick(['ReduceMean', 'ReduceMax']), [t], { keepdims: 0 })),
  },
  {
    name: 'reduction over all axes but one',
    apply: (graph, t) => {
      const axes = otherAxes(t).slice(1);
      return added(graph, t, reduce(graph, 'ReduceMean', t, [t.rows.axis, ...axes], true));
    },
  },
  {
    name: 'ArgMax over the rows',
    apply: (graph, t) => {
      const index = graph.add('ArgMax', [t], { axis: t.rows.axis, keepdims: 1 });
      return added(graph, t, graph.add('Cast', [index], { to: 1 }));
    },
  },
  {
    name: 'Softmax over the rows',
    apply: (graph, t) => {
      const x = rowsTo(graph, t, graph.choices.below(rank(t)));
      // For a single row, each value of a Softmax is 1.
      return { ...x, name: graph.add(graph.choices.pick(['Softmax', 'LogSoftmax']), [x], { axis: x.rows.axis }) };
    },
  },
  {
    name: 'Softmax over the default axes, which include the rows',
    apply: (graph, t) => {
      const x = rowsTo(graph, t, graph.opset >= 13 ? rank(t) - 1 : 1 + graph.choices.below(rank(t) - 1));
      return { ...x, name: graph.add('Softmax', [x]) };
    },
  },
  {
    name: 'Softmax over the rows, with the axis as an attribute of a function call',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      if (graph.opset >= 13) return { ...x, name: callSoftmax(graph, x, 0) };
      return { ...x, name: callSoftmax(graph, x, 0) };
    },
  },
  { name: 'CumSum over the rows', apply: cumSum },
  {
    name: 'LpNormalization over the rows',
    apply: (graph, t) => ({ ...t, name: graph.add('LpNormalization', [t], { axis: t.rows.axis }) }),
  },
  {
    name: 'MeanVarianceNormalization over axis 0',
    apply: (graph, t) => {
      const x = rowsTo(graph, t, 0);
      return { ...x, name: graph.add('MeanVarianceNormalization', [x], { axes: [0] }) };
    },
  },
  {
    name: 'TopK over the rows',
    apply: (graph, t) => {
      const count = sizeVector(graph, rowCount(t));
      const [values] = graph.node(
        'TopK',
        [t, count],
        { axis: fromEitherEnd(graph, t.rows.axis, rank(t)) },
        { outputs: 2 },
      );
      return { ...t, name: values as string };
    },
  },
  {
    name: 'Gram matrix of MatMul',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const gram = graph.add('MatMul', [x, transpose(graph, x, [1, 0])]);
      return { ...x, name: graph.add('MatMul', [gram, x]) };
    },
  },
  {
    name: 'Gram matrix of Gemm',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const gram = graph.add('Gemm', [x, x], { transB: 1 });
      return { ...x, name: reduce(graph, 'ReduceMean', { name: gram }, [1], true), dims: [x.dims[0] as Size, ONE] };
    },
  },
  {
    name: 'product of features with features by Gemm',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      return { ...x, name: graph.add('MatMul', [x, graph.add('Gemm', [x, x], { transA: 1 })]) };
    },
  },
  {
    name: 'attention over the rows',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const scores = graph.add('MatMul', [x, transpose(graph, x, [1, 0])]);
      return { ...x, name: graph.add('MatMul', [graph.add('Softmax', [scores], { axis: 1 }), x]) };
    },
  },
  {
    name: 'MatMul by a triangle of ones as large as the batch',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const shape = shapeOf(graph, [rowCount(x), rowCount(x)]);
      const ones = graph.add('ConstantOfShape', [shape], {
        value: { tensor: { dims: [1], dataType: 1, rawData: new Uint8Array(Float32Array.of(1).buffer) } },
      });
      const mask = graph.opset >= 14 ? graph.add('Trilu', [ones], { upper: 0 }) : ones;
      return { ...x, name: graph.add('MatMul', [mask, x]) };
    },
  },
  { name: 'Einsum over the rows', apply: einsum },
  {
    name: 'InstanceNormalization with the rows as signal',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const turned = transpose(graph, x, [1, 0]);
      const signal = reshape(graph, turned, [ONE, ...turned.dims], { ...turned.rows, axis: 2 });
      const width = known(x.dims[1] as Size) as number;
      return {
        ...signal,
        name: graph.add('InstanceNormalization', [signal, graph.weights([width]), graph.weights([width])]),
      };
    },
  },
  {
    name: 'Softmax of the batch reshaped to one row',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const flat = graph.choices.chance(0.5)
        ? graph.add('Flatten', [x], { axis: 0 })
        : graph.add('Reshape', [x, graph.ints([1, -1])]);
      const soft = graph.add('Softmax', [flat], { axis: 1 });
      return { ...x, name: graph.add('Reshape', [soft, graph.ints([-1, known(x.dims[1] as Size) as number])]) };
    },
  },
  {
    name: 'Reshape that mixes rows and features',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const width = known(x.dims[1] as Size) as number;
      if (width === 1) return added(graph, x, graph.add('ReduceMean', [x], { keepdims: 0 }));
      const mixed = graph.add('Reshape', [x, graph.ints([width, -1])]);
      const weighted = graph.add('Mul', [
        mixed,
        graph.floats(
          Array.from({ length: width }, (_, i) => i + 1),
          [width, 1],
        ),
      ]);
      return { ...x, name: graph.add('Reshape', [weighted, graph.ints([-1, width])]) };
    },
  },
  {
    name: 'Softmax of a transposed matrix',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const turned = transpose(graph, x, [1, 0]);
      return transpose(graph, { ...turned, name: graph.add('Softmax', [turned], { axis: 1 }) }, [1, 0]);
    },
  },
  {
    name: 'dynamic quantization',
    apply: (graph, t) => {
      const [q, scale, zero] = graph.node('DynamicQuantizeLinear', [t], {}, { outputs: 3 });
      return { ...t, name: graph.add('DequantizeLinear', [q, scale, zero] as string[]) };
    },
  },
  {
    name: 'quantization with a scale from the largest value of the batch',
    apply: (graph, t) => {
      const largest = graph.add('ReduceMax', [graph.add('Abs', [t])], { keepdims: 0 });
      const scale = graph.add('Div', [graph.add('Max', [largest, graph.floats([1e-6], [])]), graph.floats([127], [])]);
      const zero = graph.tensor('int8', [], Int8Array.of(0));
      return {
        ...t,
        name: graph.add('DequantizeLinear', [graph.add('QuantizeLinear', [t, scale, zero]), scale, zero]),
      };
    },
  },
  {
    name: 'Max with the mean of the batch',
    apply: (graph, t) => {
      const mean = graph.add('ReduceMean', [t], { keepdims: 0 });
      return added(graph, t, graph.add('Max', [t, mean]));
    },
  },
  {
    name: 'branch chosen by the sum of the batch',
    apply: (graph, t) => {
      return branch(graph, t, eitherWay(graph, graph.add('ReduceSum', [t], { keepdims: 0 })));
    },
  },
  {
    name: 'branch chosen by the number of rows',
    apply: (graph, t) => {
      const length = graph.add('Gather', [graph.add('Shape', [t]), graph.ints([t.rows.axis], [])]);
      return branch(graph, t, graph.add('Greater', [length, graph.ints([1], [])]));
    },
  },
];

export function added<T extends Result>(graph: RandomGraph, t: T, what: string): T {
  return { ...t, name: graph.add(graph.choices.pick(['Add', 'Sub']), [t, what]) };
}

/** Condition that is true for about half of the numbers, whatever their range is. */
export function eitherWay(graph: RandomGraph, numbers: string): string {
  const wave = graph.add('Sin', [graph.add('Mul', [numbers, graph.floats([1e4], [])])]);
  return graph.add('Greater', [wave, graph.floats([0], [])]);
}

function branch<T extends Result>(graph: RandomGraph, t: T, condition: string): T {
  const side = (factor: number) => {
    const out = graph.name('out');
    const node = {
      opType: 'Mul',
      input: [t.name, graph.floats([factor], [])],
      output: [out],
      name: graph.name('side'),
    };
    return { graph: { name: 'side', node: [node], output: [{ name: out, type: { tensorType: { elemType: 1 } } }] } };
  };
  return { ...t, name: graph.add('If', [condition], { then_branch: side(2), else_branch: side(3) }) };
}

function cumSum(graph: RandomGraph, t: Rowed): Result {
  const axis = graph.ints([fromEitherEnd(graph, t.rows.axis, rank(t))], []);
  return { ...t, name: graph.add('CumSum', [t, axis], { reverse: graph.choices.below(2) }) };
}

function einsum(graph: RandomGraph, t: Rowed): Result {
  const x = asMatrix(graph, t);
  if (graph.opset < 12) return added(graph, x, reduce(graph, 'ReduceSum', x, [0], true));
  const equation = graph.choices.pick(['bi->i', 'bi,bi->i', 'bi,cj->i']);
  const operands = equation.includes(',') ? [x, x] : [x];
  return added(graph, x, graph.add('Einsum', operands, { equation }));
}
