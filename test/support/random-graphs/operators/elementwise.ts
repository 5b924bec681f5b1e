import type { NodeAttributes, RandomGraph, Result, Rows, Tensor } from '../random-graph';
import { isOne, known, ONE, sameSize, size, type Size } from '../size';
import { faithful, lossy, type RowWise } from './operator';

/**
 * Operators that are strictly monotonic within the precision of a float, so that every change of the input changes the
 * output.
 */
const FAITHFUL: readonly [string, NodeAttributes?][] = [
  ['Neg'],
  ['Softplus'],
  ['Softsign'],
  ['Identity'],
  ['Atan'],
  ['Asinh'],
  ['LeakyRelu', { alpha: { float: 0.2 } }],
  ['Elu'],
  ['Selu'],
  ['Dropout'],
];

const LOSSY: readonly [string, NodeAttributes?][] = [
  ['Relu'],
  ['Tanh'],
  ['Sigmoid'],
  ['Erf'],
  ['Abs'],
  ['Sin'],
  ['Cos'],
  ['Floor'],
  ['Ceil'],
  ['Round'],
  ['Sign'],
  ['HardSigmoid', { alpha: { float: 0.3 } }],
  ['ThresholdedRelu'],
  ['Shrink', { lambd: { float: 0.1 } }],
];

export const ELEMENTWISE: readonly RowWise[] = [
  ...FAITHFUL.map(([op, attributes]) => faithful(op, (graph, t) => unary(graph, t, op, attributes))),
  ...LOSSY.map(([op, attributes]) => lossy(op, (graph, t) => unary(graph, t, op, attributes))),
  ...['Add', 'Sub', 'Mul', 'Div'].map((op) => faithful(`${op} a constant`, (graph, t) => withConstant(graph, t, op))),
  ...['Max', 'Min', 'PRelu'].map((op) => lossy(`${op} a constant`, (graph, t) => withConstant(graph, t, op))),
  ...['Add', 'Sub', 'Mul', 'Max', 'Min', 'Sum', 'Mean'].map((op) =>
    lossy(`${op} another tensor`, (graph, t) => withAnother(graph, t, op)),
  ),
  faithful('Cast to another type and back', castTwice),
  lossy('Sqrt of Abs', (graph, t) => unary(graph, { ...t, name: graph.add('Abs', [t]) }, 'Sqrt')),
  lossy('Clip', clip),
  lossy('Pow', (graph, t) => withConstant(graph, { ...t, name: graph.add('Tanh', [t]) }, 'Pow')),
  lossy('Where of a comparison', whereOfComparison),
  lossy('And, Not, Cast of comparisons', logical),
  lossy('IsNaN, Where', (graph, t) => same(t, graph.add('Where', [graph.add('IsNaN', [t]), graph.floats([0], []), t]))),
  lossy('Mod of whole numbers', modulo),
];

export function same(t: Tensor, name: string): Result {
  return { ...t, name };
}

function unary(graph: RandomGraph, t: Tensor, op: string, attributes: NodeAttributes = {}): Result {
  return same(t, graph.add(op, [t], attributes));
}

/**
 * Shape of a constant that broadcasts to the tensor. It may have a lower rank, or sizes of 1 instead of the tensor's
 * sizes.
 */
export function constantLike(graph: RandomGraph, t: Tensor): number[] {
  const { choices } = graph;
  const aligned = t.dims.slice(choices.below(t.dims.length + 1));
  return aligned.map((dim) => (choices.chance(0.6) ? (known(dim) ?? 1) : 1));
}

function withConstant(graph: RandomGraph, t: Tensor, op: string): Result {
  const { choices } = graph;
  const dims = constantLike(graph, t);
  const wide =
    dims.length === t.dims.length && t.dims.length < 5 && op !== 'PRelu' && op !== 'Pow' && choices.chance(0.15);
  if (wide) dims.unshift(choices.chance(0.5) ? 1 : 2);
  const constant =
    op === 'Pow'
      ? graph.floats([choices.pick([2, 3])], [])
      : graph.weights(dims, { positive: op === 'PRelu' || op === 'Div' });
  const swap = !['Div', 'PRelu', 'Pow'].includes(op) && choices.chance(0.3);
  const name = graph.add(op, swap ? [constant, t] : [t, constant]);
  if (!wide) return same(t, name);
  return {
    ...t,
    name,
    dims: [size(dims[0] as number), ...t.dims],
    rows: t.rows && { ...t.rows, axis: t.rows.axis + 1 },
  };
}

/**
 * Combines the tensor with a different tensor of the pool that broadcasts to it. The rows of both are on the same axis.
 */
function withAnother(graph: RandomGraph, t: Tensor, op: string): Result | undefined {
  const others = graph.choices.shuffled(graph.pool.filter(({ elem }) => elem === t.elem));
  for (const other of others) {
    const together = broadcast(t, other);
    if (!together) continue;
    // Without the Sigmoid, products of products would grow without bound.
    const tamed = op === 'Mul' ? graph.add('Sigmoid', [other]) : other;
    const operands = graph.choices.chance(0.5) ? [t, tamed] : [tamed, t];
    return { name: graph.add(op, operands), elem: t.elem, ...together };
  }
  return undefined;
}

export function broadcast(
  a: Pick<Tensor, 'dims' | 'rows'>,
  b: Pick<Tensor, 'dims' | 'rows'>,
): { dims: Size[]; rows?: Rows } | undefined {
  const length = Math.max(a.dims.length, b.dims.length);
  const dims: Size[] = [];
  for (let i = 0; i < length; i++) {
    const x = a.dims[i - length + a.dims.length] ?? ONE;
    const y = b.dims[i - length + b.dims.length] ?? ONE;
    if (!sameSize(x, y) && !isOne(x) && !isOne(y)) return undefined;
    dims.push(isOne(x) ? y : x);
  }
  const [p, q] = [moved(a, length), moved(b, length)];
  if (p && q && !sameRows(p, q)) return undefined;
  return { dims, rows: p ?? q };
}

function moved({ dims, rows }: Pick<Tensor, 'dims' | 'rows'>, length: number): Rows | undefined {
  return rows && { ...rows, axis: rows.axis + length - dims.length };
}

export function sameRows(a: Rows, b: Rows): boolean {
  return a.axis === b.axis && sameSize(a.outer, b.outer) && sameSize(a.inner, b.inner) && a.count === b.count;
}

function castTwice(graph: RandomGraph, t: Tensor): Result {
  return same(t, graph.add('Cast', [graph.add('Cast', [t], { to: 11 })], { to: 1 }));
}

function clip(graph: RandomGraph, t: Tensor): Result {
  if (graph.choices.chance(0.3)) return same(t, graph.add('Clip', [t, '', graph.floats([2], [])]));
  return same(t, graph.add('Clip', [t, graph.floats([-1], []), graph.floats([1.5], [])]));
}

function whereOfComparison(graph: RandomGraph, t: Tensor): Result {
  const condition = graph.add(graph.choices.pick(['Greater', 'Less']), [t, graph.weights(constantLike(graph, t))]);
  const other = graph.weights(constantLike(graph, t));
  return same(t, graph.add('Where', graph.choices.chance(0.5) ? [condition, t, other] : [condition, other, t]));
}

function logical(graph: RandomGraph, t: Tensor): Result {
  const zero = graph.floats([0], []);
  const both = graph.add(graph.choices.pick(['And', 'Or', 'Xor']), [
    graph.add('Greater', [t, zero]),
    graph.add('Not', [graph.add('Less', [t, graph.floats([1], [])])]),
  ]);
  return same(t, graph.add('Cast', [both], { to: 1 }));
}

function modulo(graph: RandomGraph, t: Tensor): Result {
  const whole = graph.add('Cast', [graph.add('Clip', [t, graph.floats([-1000], []), graph.floats([1000], [])])], {
    to: 7,
  });
  return same(t, graph.add('Cast', [graph.add('Mod', [whole, graph.ints([7], [])])], { to: 1 }));
}
