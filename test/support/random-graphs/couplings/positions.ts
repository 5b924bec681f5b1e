import { node, value } from '../../onnx-builder';
import type { NodeAttributes, RandomGraph, Result } from '../random-graph';
import { asMatrix, rank, reshape, rowsTo, sizeVector, transpose } from '../shapes';
import { known, ONE, size, type Size } from '../size';
import { reduce, squeeze, unsqueeze } from '../versions';
import { counting, rowCount, type Coupling } from './coupling';
import { added, eitherWay } from './reductions';

/** Couplings that depend on the order of rows, and couplings that change the number of rows. */
export const POSITIONS: readonly Coupling[] = [
  {
    name: 'Concat of the rows with themselves',
    apply: (graph, t) =>
      counting(graph, { ...t, name: graph.add('Concat', [t, t], { axis: t.rows.axis }) }, t.dims, t.rows.axis),
  },
  {
    name: 'Concat of the rows with a constant row',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const row = graph.weights([1, known(x.dims[1] as Size) as number]);
      const operands = graph.choices.chance(0.5) ? [x, row] : [row, x];
      return counting(graph, { ...x, name: graph.add('Concat', operands, { axis: 0 }) }, x.dims, 0);
    },
  },
  {
    name: 'Slice of the first row',
    apply: (graph, t) => counting(graph, { ...t, name: slice(graph, t, 0, 1, t.rows.axis) }, t.dims, t.rows.axis),
  },
  {
    name: 'Concat of the last row with all others',
    apply: (graph, t) => {
      const { axis } = t.rows;
      const parts = [slice(graph, t, -1, 2 ** 31 - 1, axis), slice(graph, t, 0, -1, axis)];
      return { ...t, name: graph.add('Concat', parts, { axis }) };
    },
  },
  {
    name: 'Slice of the rows in reverse order',
    apply: (graph, t) => ({ ...t, name: slice(graph, t, -1, -(2 ** 40), t.rows.axis, -1) }),
  },
  {
    name: 'Pad of the rows',
    apply: (graph, t) => {
      const pads = [...t.dims, ...t.dims].map((_, i) => (i === rank(t) + t.rows.axis ? 1 : 0));
      const name = graph.add('Pad', [t, graph.ints(pads)], { mode: 'edge' });
      return counting(graph, { ...t, name }, t.dims, t.rows.axis);
    },
  },
  {
    name: 'Gather of the first row for every row',
    apply: (graph, t) => added(graph, t, graph.add('Gather', [t, graph.ints([0])], { axis: t.rows.axis })),
  },
  {
    name: 'Gather of rows in reverse order',
    apply: (graph, t) => {
      const [n, one] = [numberOfRows(graph, t), graph.ints([1], [])];
      const range = graph.add('Range', [graph.ints([0], []), n, one]);
      const reverse = graph.add('Sub', [graph.add('Sub', [n, one]), range]);
      return { ...t, name: graph.add('Gather', [t, reverse], { axis: t.rows.axis }) };
    },
  },
  {
    name: 'Gather of rows by indices computed from rows',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const first = graph.add('Greater', [slice(graph, x, 0, 1, 1), graph.floats([0], [])]);
      const index = squeeze(graph, { name: graph.add('Neg', [graph.add('Cast', [first], { to: 7 })]) }, [1]);
      return added(graph, x, graph.add('Gather', [x, index], { axis: 0 }));
    },
  },
  {
    name: 'GatherND of the first row',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      return added(graph, x, graph.add('GatherND', [x, graph.ints([0], [1, 1])]));
    },
  },
  {
    name: 'ScatterND over the first row',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const row = graph.weights([1, known(x.dims[1] as Size) as number]);
      return { ...x, name: graph.add('ScatterND', [x, graph.ints([0], [1, 1]), row]) };
    },
  },
  {
    name: 'ScatterElements over the first row',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const width = known(x.dims[1] as Size) as number;
      const zeros = graph.ints(
        Array.from({ length: width }, () => 0),
        [1, width],
      );
      return { ...x, name: graph.add('ScatterElements', [x, zeros, graph.weights([1, width])], { axis: 0 }) };
    },
  },
  {
    name: 'a value computed from the number of rows',
    apply: (graph, t) => {
      const n = graph.add('Cast', [numberOfRows(graph, t)], { to: 1 });
      return { ...t, name: graph.add(graph.choices.pick(['Add', 'Div', 'Mul']), [t, n]) };
    },
  },
  {
    name: 'a value computed from Size',
    apply: (graph, t) => ({
      ...t,
      name: graph.add('Mul', [t, graph.add('Cast', [graph.add('Size', [t])], { to: 1 })]),
    }),
  },
  {
    name: 'the sum of a vector with a one for each row',
    apply: (graph, t) => {
      const one = { tensor: { dims: [1], dataType: 1, rawData: new Uint8Array(Float32Array.of(1).buffer) } };
      const ones = graph.add('ConstantOfShape', [sizeVector(graph, rowCount(t))], { value: one });
      return added(graph, t, graph.add('ReduceSum', [ones], { keepdims: 0 }));
    },
  },
  {
    name: 'the index of the row as a value',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const range = graph.add('Range', [graph.ints([0], []), numberOfRows(graph, x), graph.ints([1], [])]);
      return added(graph, x, unsqueeze(graph, { name: graph.add('Cast', [range], { to: 1 }) }, [1]));
    },
  },
  {
    name: 'Tile of the rows',
    apply: (graph, t) => {
      const repeats = graph.ints(t.dims.map((_, i) => (i === t.rows.axis ? 2 : 1)));
      return counting(graph, { ...t, name: graph.add('Tile', [t, repeats]) }, t.dims, t.rows.axis);
    },
  },
  {
    name: 'repetition of each row',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const width = known(x.dims[1] as Size) as number;
      const apart = unsqueeze(graph, x, [1]);
      const twice = graph.add('Expand', [apart, graph.ints([1, 2, 1])]);
      const name = graph.add('Reshape', [twice, graph.ints([-1, width])]);
      return counting(graph, { ...x, name }, x.dims, 0);
    },
  },
  {
    name: 'Resize of the rows',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const region = graph.opset >= 13 ? '' : graph.floats([0, 0, 1, 1]);
      const name = graph.add('Resize', [x, region, graph.floats([2, 1])], { mode: 'nearest' });
      return counting(graph, { ...x, name }, x.dims, 0);
    },
  },
  {
    name: 'each row combined with every row by broadcasting',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const column = reduce(graph, 'ReduceMean', x, [1], true);
      const row = reduce(graph, 'ReduceMean', x, [1], false);
      const square = graph.add(graph.choices.pick(['Add', 'Mul', 'Sub']), [column, row]);
      return { ...x, name: reduce(graph, 'ReduceL2', { name: square }, [1], true), dims: [x.dims[0] as Size, ONE] };
    },
  },
  {
    name: 'each row combined with every row, with rows as columns',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const condition = graph.add('Greater', [reduce(graph, 'ReduceMean', x, [1], false), graph.floats([0], [])]);
      const column = reduce(graph, 'ReduceMean', x, [1], true);
      const name = graph.add('Where', [condition, column, graph.add('Neg', [column])]);
      return {
        ...x,
        name: added(graph, { ...x, name: reduce(graph, 'ReduceMean', { name }, [0], true) }, name).name,
        dims: [rowCount(x), rowCount(x)],
      };
    },
  },
  {
    name: 'indices of nonzero values',
    apply: (graph, t) => {
      const places = graph.add('Cast', [graph.add('NonZero', [t])], { to: 1 });
      const dims = [size(rank(t)), ONE];
      return transpose(graph, counting(graph, { name: places, elem: 'float' }, dims, 1), [1, 0]);
    },
  },
  {
    name: 'Compress of the rows',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const keep = eitherWay(graph, reduce(graph, 'ReduceMean', x, [1], false));
      return counting(graph, { ...x, name: graph.add('Compress', [x, keep], { axis: 0 }) }, x.dims, 0);
    },
  },
  {
    name: 'Unique',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      return counting(graph, { ...x, name: graph.add('Unique', [x], { axis: 0 }) }, x.dims, 0);
    },
  },
  {
    name: 'Squeeze without axes',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      return {
        ...x,
        name: unsqueeze(graph, { name: graph.add('Squeeze', [x]) }, [known(x.dims[1] as Size) === 1 ? 1 : 0]),
        dims: known(x.dims[1] as Size) === 1 ? x.dims : [ONE, ...x.dims],
        rows: { ...x.rows, axis: known(x.dims[1] as Size) === 1 ? 0 : 1 },
      };
    },
  },
  {
    name: 'rows as steps of a recurrent network',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const steps = unsqueeze(graph, x, [1]);
      const width = known(x.dims[1] as Size) as number;
      const y = graph.add(
        graph.choices.pick(['RNN']),
        [steps, graph.weights([1, 3, width]), graph.weights([1, 3, 3])],
        { hidden_size: 3 },
      );
      return { ...x, name: y, dims: [x.dims[0] as Size, ONE, ONE, size(3)] };
    },
  },
  {
    name: 'Conv over the rows',
    apply: (graph, t) => {
      const signal = rowsAsSignal(graph, t);
      const width = known(signal.dims[1] as Size) as number;
      const attributes = { kernel_shape: [3], pads: [1, 1] };
      return {
        ...signal,
        name: graph.add('Conv', [signal, graph.weights([2, width, 3])], attributes),
        dims: [ONE, size(2), signal.dims[2] as Size],
      };
    },
  },
  {
    name: 'pool over the rows',
    apply: (graph, t) => {
      const signal = rowsAsSignal(graph, t);
      const op = graph.choices.pick(['MaxPool', 'AveragePool']);
      return { ...signal, name: graph.add(op, [signal], { kernel_shape: [3], pads: [1, 1] }) };
    },
  },
  {
    name: 'global pool over the rows',
    apply: (graph, t) => {
      const signal = rowsAsSignal(graph, t);
      return added(graph, signal, graph.add('GlobalAveragePool', [signal]));
    },
  },
  {
    name: 'LRN over the rows',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const picture = reshape(graph, x, [ONE, x.dims[0] as Size, x.dims[1] as Size, ONE], { ...x.rows, axis: 1 });
      return { ...picture, name: graph.add('LRN', [picture], { size: 3, alpha: { float: 0.5 } }) };
    },
  },
  {
    name: 'Scan over the rows with a state',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const width = known(x.dims[1] as Size) as number;
      const [before, step, after, out] = ['before', 'step', 'after', 'out'].map((stem) => graph.name(stem)) as [
        string,
        string,
        string,
        string,
      ];
      const body = {
        name: 'body',
        node: [node('Add', [before, step], [after]), node('Identity', [after], [out])],
        input: [value(before, 'float', [width]), value(step, 'float', [width])],
        output: [value(after, 'float', [width]), value(out, 'float', [width])],
      };
      const [, y] = graph.node(
        'Scan',
        [graph.floats(Array.from({ length: width }, () => 0)), x],
        { body: { graph: body }, num_scan_inputs: 1 },
        { outputs: 2 },
      );
      return { ...x, name: y as string };
    },
  },
  {
    name: 'Scan that writes the rows in reverse',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const width = known(x.dims[1] as Size) as number;
      const [step, out] = [graph.name('step'), graph.name('out')];
      const body = {
        name: 'body',
        node: [node('Neg', [step], [out])],
        input: [value(step, 'float', [width])],
        output: [value(out, 'float', [width])],
      };
      const way: NodeAttributes = graph.choices.chance(0.5)
        ? { scan_input_directions: [1] }
        : { scan_output_directions: [1] };
      return { ...x, name: graph.add('Scan', [x], { body: { graph: body }, num_scan_inputs: 1, ...way }) };
    },
  },
  {
    name: 'Loop with an iteration for each row',
    apply: (graph, t) => {
      const [i, condition, state, same, next] = ['i', 'condition', 'state', 'same', 'next'].map((stem) =>
        graph.name(stem),
      ) as [string, string, string, string, string];
      const body = {
        name: 'body',
        node: [node('Identity', [condition], [same]), node('Add', [state, graph.floats([1], [])], [next])],
        input: [value(i, 'int64', []), value(condition, 'bool', []), value(state, 'float')],
        output: [value(same, 'bool', []), value(next, 'float')],
      };
      return { ...t, name: graph.add('Loop', [numberOfRows(graph, t), '', t], { body: { graph: body } }) };
    },
  },
  {
    name: 'ReverseSequence of the rows',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const lengths = graph.add('Expand', [
        sizeVector(graph, rowCount(x)),
        graph.ints([known(x.dims[1] as Size) as number]),
      ]);
      return { ...x, name: graph.add('ReverseSequence', [x, lengths], { time_axis: 0, batch_axis: 1 }) };
    },
  },
  {
    name: 'ai.onnx.ml Normalizer of a vector, which it treats as one row',
    apply: (graph, t) => {
      const vector = reduce(graph, 'ReduceMean', asMatrix(graph, t), [1], false);
      const name = graph.add('Normalizer', [vector], { norm: 'L2' }, { domain: 'ai.onnx.ml' });
      return {
        name: graph.add('Reshape', [name, graph.ints([-1, 1])]),
        elem: 'float',
        dims: [rowCount(t), ONE],
        rows: { ...t.rows, axis: 0 },
      };
    },
  },
  {
    name: 'indices of MaxPool, which are relative to the whole batch',
    apply: (graph, t) => {
      const x = asMatrix(graph, t);
      const signal = unsqueeze(graph, x, [1]);
      const [, indices] = graph.node('MaxPool', [signal], { kernel_shape: [1] }, { outputs: 2 });
      return {
        ...x,
        name: graph.add('Softsign', [graph.add('Cast', [indices as string], { to: 1 })]),
        dims: [x.dims[0] as Size, ONE, x.dims[1] as Size],
      };
    },
  },
];

function slice(graph: RandomGraph, t: Result, start: number, end: number, axis: number, step = 1): string {
  return graph.add('Slice', [t, graph.ints([start]), graph.ints([end]), graph.ints([axis]), graph.ints([step])]);
}

function numberOfRows(graph: RandomGraph, t: Result): string {
  return graph.add('Gather', [graph.add('Shape', [t]), graph.ints([t.rows!.axis], [])]);
}

/** [1, features, rows] */
function rowsAsSignal<T extends Result>(graph: RandomGraph, t: T): T {
  const turned = rowsTo(graph, asMatrix(graph, t), 1);
  return {
    ...turned,
    name: unsqueeze(graph, turned, [0]),
    dims: [ONE, ...turned.dims],
    rows: { ...turned.rows!, axis: 2 },
  };
}
