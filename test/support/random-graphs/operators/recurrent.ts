import type { RandomGraph, Result, Tensor } from '../random-graph';
import { node, value } from '../../onnx-builder';
import { plain, rank, rowsTo } from '../shapes';
import { known, size, type Size } from '../size';
import { squeeze } from '../versions';
import { otherAxes } from './axes';
import { faithful, lossy, type RowWise } from './operator';

export const RECURRENT: readonly RowWise[] = [
  ...(['LSTM', 'GRU', 'RNN'] as const).map((op) => faithful(op, (graph, t) => recurrent(graph, t, op))),
  faithful('Scan over another axis', scan),
  faithful('Loop', loop),
  lossy('If', conditional),
  faithful('function', callOfFunction),
  lossy('function with an axis', callWithAxis),
];

const GATES = { LSTM: 4, GRU: 3, RNN: 1 };

function recurrent(graph: RandomGraph, t: Tensor, op: keyof typeof GATES): Result | undefined {
  const { choices } = graph;
  const unfolded = plain(graph, t);
  if (!unfolded.rows || rank(unfolded) !== 3) return undefined;
  const x = rowsTo(graph, unfolded, 1);
  const width = known(x.dims[2] as Size);
  if (width === undefined) return undefined;
  const hidden = choices.pick([2, 3]);
  const gates = GATES[op] * hidden;
  const direction = choices.pick(['forward', 'reverse', 'bidirectional']);
  const directions = direction === 'bidirectional' ? 2 : 1;
  const bias = choices.chance(0.5) ? [graph.weights([directions, 2 * gates])] : [];
  const inputs = [x, graph.weights([directions, gates, width]), graph.weights([directions, gates, hidden]), ...bias];
  const [y, last] = graph.node(op, inputs, { hidden_size: hidden, direction }, { outputs: op === 'LSTM' ? 3 : 2 });
  const tail = [x.dims[1] as Size, size(hidden)];
  if (choices.chance(0.4)) return { ...x, name: last as string, dims: [size(directions), ...tail] };
  const dims = [x.dims[0] as Size, size(directions), ...tail];
  const rows = { ...x.rows!, axis: 2 };
  if (directions === 2 || choices.chance(0.4)) return { ...x, name: y as string, dims, rows };
  return {
    ...x,
    name: squeeze(graph, { name: y as string }, [1]),
    dims: [dims[0] as Size, ...tail],
    rows: { ...rows, axis: 1 },
  };
}

/** Running sum over an axis without rows. The initial state is the first step times zero. */
function scan(graph: RandomGraph, t: Tensor): Result | undefined {
  const axes = otherAxes(t).filter((axis) => known(t.dims[axis] as Size) !== undefined);
  if (axes.length === 0 || rank(t) < 2) return undefined;
  const axis = graph.choices.pick(axes);
  const state = graph.add('Gather', [t, graph.ints([0], [])], { axis });
  const [before, step, after, out] = ['before', 'step', 'after', 'out'].map((stem) => graph.name(stem)) as [
    string,
    string,
    string,
    string,
  ];
  const sizes = t.dims.filter((_, i) => i !== axis).map((dim) => known(dim) ?? null);
  const body = {
    name: 'body',
    node: [node('Add', [before, step], [after]), node('Softsign', [after], [out])],
    input: [value(before, 'float', sizes), value(step, 'float', sizes)],
    output: [value(after, 'float', sizes), value(out, 'float', sizes)],
  };
  const moved = [t.dims[axis] as Size, ...t.dims.filter((_, i) => i !== axis)];
  const rows = t.rows && { ...t.rows, axis: t.rows.axis + (t.rows.axis < axis ? 1 : 0) };
  const attributes = { body: { graph: body }, num_scan_inputs: 1, scan_input_axes: [axis] };
  const [, steps] = graph.node('Scan', [state, t], attributes, { outputs: 2 });
  return { ...t, name: steps as string, dims: moved, rows };
}

function loop(graph: RandomGraph, t: Tensor): Result {
  const [i, condition, state, same, half, next] = ['i', 'condition', 'state', 'same', 'half', 'next'].map((stem) =>
    graph.name(stem),
  ) as [string, string, string, string, string, string];
  const body = {
    name: 'body',
    node: [
      node('Identity', [condition], [same]),
      node('Mul', [state, graph.floats([0.5], [])], [half]),
      node('Add', [half, t.name], [next]),
    ],
    input: [value(i, 'int64', []), value(condition, 'bool', []), value(state, 'float')],
    output: [value(same, 'bool', []), value(next, 'float')],
  };
  const name = graph.add('Loop', [graph.ints([3], []), '', t], { body: { graph: body } });
  return { ...t, name };
}

/** One of two similar branches. A size, a constant or an input that requests share selects the branch. */
function conditional(graph: RandomGraph, t: Tensor): Result {
  const branch = (op: string) => {
    const [inner, out] = [graph.name('inner'), graph.name('out')];
    return {
      name: op,
      node: [node(op, [t.name], [inner]), node('Add', [inner, graph.weights([])], [out])],
      output: [value(out, 'float')],
    };
  };
  const axes = otherAxes(t);
  const common = graph.pool.filter(({ rows, elem }) => !rows && elem === 'float');
  let condition: string;
  if (common.length > 0 && graph.choices.chance(0.5)) {
    const largest = graph.add('ReduceMax', [graph.choices.pick(common)], { keepdims: 0 });
    condition = graph.add('Greater', [largest, graph.floats([0], [])]);
  } else if (axes.length > 0 && graph.choices.chance(0.7)) {
    const length = graph.add('Gather', [graph.add('Shape', [t]), graph.ints([graph.choices.pick(axes)], [])]);
    condition = graph.add('Equal', [length, graph.ints([1], [])]);
  } else {
    condition = graph.tensor('bool', [], Uint8Array.of(graph.choices.below(2)));
  }
  const attributes = { then_branch: { graph: branch('Tanh') }, else_branch: { graph: branch('Sigmoid') } };
  return { ...t, name: graph.add('If', [condition], attributes) };
}

function callOfFunction(graph: RandomGraph, t: Tensor): Result {
  const name = graph.name('Gated');
  graph.functions.push({
    domain: 'local',
    name,
    input: ['a', 'b'],
    output: ['c'],
    node: [node('Mul', ['a', 'b'], ['scaled']), node('Softsign', ['scaled'], ['c'])],
    opsetImport: [{ domain: '', version: graph.opset }],
  });
  return { ...t, name: graph.add(name, [t, graph.weights([])], {}, { domain: 'local' }) };
}

/** Call of a function that contains a Softmax. The axis of the Softmax is an attribute of the call. */
function callWithAxis(graph: RandomGraph, t: Tensor): Result | undefined {
  const axes = otherAxes(t);
  if (axes.length === 0 || graph.opset < 13) return undefined;
  return { ...t, name: callSoftmax(graph, t, graph.choices.pick(axes)) };
}

/** Call of a function that contains a Softmax. */
export function callSoftmax(graph: RandomGraph, t: Result, axis: number): string {
  const name = graph.name('SoftmaxOf');
  graph.functions.push({
    domain: 'local',
    name,
    input: ['a'],
    output: ['c'],
    attribute: ['over'],
    node: [
      node('Neg', ['a'], ['b']),
      node('Softmax', ['b'], ['c'], { attributes: { axis: { ref: 'over', type: 2 } } }),
    ],
    opsetImport: [{ domain: '', version: graph.opset }],
  });
  return graph.add(name, [t], { over: axis }, { domain: 'local' });
}
