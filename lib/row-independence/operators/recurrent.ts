import { CannotRun, coupled } from '../values/obstacle';
import { ONE, Size } from '../values/size';
import type { Rows, Tensor, Value } from '../values/tensor';
import { dimsOf, type Call, type Operators, type Transfer } from './call';
import { unwritten, writtenWith } from './unwritten';

/**
 * Input positions of a recurrent operator: the weights, and the states [directions, rows, width], which are per row.
 */
interface Cell {
  readonly shared: readonly number[];
  readonly states: readonly number[];
  readonly outputs: number;
}

/** Processes the steps of a sequence [steps, rows, width], or [rows, steps, width] if `layout` is 1. */
function recurrent({ shared, states, outputs }: Cell): Transfer {
  return (call) => {
    const x = call.data(0);
    const dims = dimsOf(x);
    if (dims.length !== 3) throw new CannotRun('its sequence does not have three axes');
    const rowsFirst = call.attributes.flag('layout', false);
    const at = rowsFirst ? 0 : 1;
    if (x.rows && x.rows.axis !== at) throw coupled('works step by step over the axis that counts rows');
    for (const position of shared) call.shared(position, 'its weights');
    const lengths = call.optionalData(4);
    if (lengths) requireSameLayout(x.rows, lengths, 0, 'the lengths of the rows are fixed');
    for (const position of states) {
      const state = call.optionalData(position);
      if (state) requireSameLayout(x.rows, state, at, 'has an initial state with a fixed number of rows');
    }
    const [batch = ONE, steps = ONE] = [dims[at], dims[rowsFirst ? 1 : 0]];
    const directions = call.attributes.string('direction', 'forward') === 'bidirectional' ? Size.of(2) : ONE;
    const width = widthOf(call);
    const whole = rowsFirst ? [batch, steps, directions, width] : [steps, directions, batch, width];
    const last = rowsFirst ? [batch, directions, width] : [directions, batch, width];
    const y = result(x, whole, rowsFirst ? 0 : 2);
    const state = result(x, last, at);
    // The runtime does not write the last state of the cells if there are no steps.
    const cells: Value = steps.min >= 1 ? state : { kind: 'unusable', obstacle: unwritten() };
    return [y, state, cells].slice(0, outputs);
  };
}

function widthOf(call: Call): Size {
  const given = call.attributes.int('hidden_size');
  return given !== undefined ? Size.of(given) : (call.data(2).dims?.[2] ?? call.fresh('width'));
}

/** A tensor with one element per row must have the same layout as the rows. */
function requireSameLayout(rows: Rows | undefined, own: Tensor, axis: number, otherwise: string): void {
  if (!rows && !own.rows) return;
  if (!rows || !own.rows || own.rows.axis !== axis) throw coupled(otherwise);
  const same = own.rows.outer.equals(rows.outer) && own.rows.inner.equals(rows.inner);
  const uniform = own.rows.uniform && own.rows.outer.times(own.rows.inner).equals(rows.outer.times(rows.inner));
  if (!same && !uniform) throw coupled('combines rows with different layouts');
}

function result({ rows, elem }: Tensor, dims: readonly Size[], axis: number): Tensor {
  return { kind: 'tensor', dims, elem, ...(rows && { rows: { axis, outer: rows.outer, inner: rows.inner } }) };
}

export const recurrence: Operators = {
  RNN: recurrent({ shared: [1, 2, 3], states: [5], outputs: 2 }),
  GRU: recurrent({ shared: [1, 2, 3], states: [5], outputs: 2 }),
  LSTM: writtenWith(1, recurrent({ shared: [1, 2, 3, 7], states: [5, 6], outputs: 3 })),
};
