import { commonRows } from '../values/align';
import { isInteger } from '../values/exact-sizes';
import { coupled, NeedsDecision, notUnderstood } from '../values/obstacle';
import { ONE, Size } from '../values/size';
import {
  BOOL,
  INT64,
  invariant,
  isTainted,
  valuesOf,
  type Rows,
  type Tensor,
  type Unusable,
  type Value,
} from '../values/tensor';
import { asTensor, dimsOf, type Call, type Operators } from './call';

/** Maximum number of rounds to find a state of a loop that a step does not change. */
const MAX_ROUNDS = 6;

function branch(call: Call): readonly Value[] {
  const condition = call.tensor(0);
  if (condition.rows) throw coupled('chooses the branch by the rows of the batch');
  if (isTainted(condition)) throw coupled('chooses the branch by the number of rows');
  const known = condition.values?.[0]?.constant;
  const run = (taken: boolean) => {
    const name = taken ? 'then_branch' : 'else_branch';
    return call.surroundings.evaluate(call.attributes.graph(name), [], name);
  };
  if (known !== undefined) return run(known !== 0);

  const key = condition.values?.[0]?.key ?? `${call.path}:condition`;
  const assumed = call.surroundings.assumed(key);
  if (assumed !== undefined) return run(assumed);
  return joinedBranches(call, key, run);
}

/** Joins the results of both branches; if the results differ too much, each branch is analyzed separately. */
function joinedBranches(call: Call, condition: string, run: (taken: boolean) => readonly Value[]): readonly Value[] {
  try {
    const [taken, other] = [run(true), run(false)];
    return taken.map((value, at) => join(value, other[at] as Value, (label) => call.fresh(`${at} ${label}`)));
  } catch (problem) {
    if (problem instanceof NeedsDecision || !call.surroundings.once) throw problem;
    throw new NeedsDecision(condition);
  }
}

/**
 * Returns the facts that hold for both values. Sizes and elements that differ become new atoms.
 *
 * @throws Obstacle if no useful fact holds for both
 */
function join(a: Value, b: Value, fresh: (label: string) => Size): Value {
  if (a.kind === 'unusable' || b.kind === 'unusable') return joinUnusable(a, b);
  if (a.kind === 'sequence' || b.kind === 'sequence') return joinSequences(a, b, fresh);
  const elem = a.elem === b.elem ? a.elem : 0;
  if (!a.dims || !b.dims || a.dims.length !== b.dims.length) {
    if (a.rows || b.rows) throw notUnderstood('it returns tensors of different ranks');
    if (isTainted(a) || isTainted(b)) throw coupled('returns either the number of rows or another number');
    return invariant(undefined, elem);
  }
  if (Boolean(a.rowNumbers) !== Boolean(b.rowNumbers) || (a.rowNumbers && a.rowNumbers !== b.rowNumbers)) {
    throw coupled('computes with the position of each row in the batch');
  }
  const rows = joinRows(a, b);
  const dims = a.dims.map((dim, axis) => joinSize(dim, b.dims?.[axis] as Size, () => fresh(`size ${axis}`)));
  const values =
    a.values && b.values && a.values.length === b.values.length
      ? a.values.map((value, at) => joinSize(value, b.values?.[at] as Size, () => unknown(fresh(`value ${at}`), elem)))
      : undefined;
  if (!values && (isTainted(a) || isTainted(b))) throw coupled('returns either the number of rows or another number');
  return {
    kind: 'tensor',
    dims,
    elem,
    ...(rows && { rows }),
    ...(values && elem === a.elem && { values }),
    ...(a.rowNumbers && { rowNumbers: a.rowNumbers }),
    ...(a.below && b.below?.equals(a.below) && { below: a.below }),
  };
}

/** Joins an unusable value with another value. The sizes are dropped, because they may hold for only one of the two. */
function joinUnusable(a: Value, b: Value): Unusable {
  const { obstacle } = (a.kind === 'unusable' ? a : b) as Unusable;
  return { kind: 'unusable', obstacle };
}

/** Creates an unknown number, which may be negative or large. */
function unknown({ key }: Size, elem: number): Size {
  return Size.atom(key, { integer: isInteger(elem) || elem === BOOL });
}

function joinRows(a: Tensor, b: Tensor): Rows | undefined {
  if (!a.rows && !b.rows) return undefined;
  if (!a.rows || !b.rows) throw notUnderstood('it returns a tensor with rows or one without');
  const rows = commonRows([
    { dims: dimsOf(a), rows: a.rows },
    { dims: dimsOf(b), rows: b.rows },
  ]) as Rows;
  return a.rows.uniform && b.rows.uniform ? rows : { axis: rows.axis, outer: rows.outer, inner: rows.inner };
}

function joinSize(a: Size, b: Size, otherwise: () => Size): Size {
  if (a.equals(b)) return a;
  if (a.tainted || b.tainted) throw coupled('returns either the number of rows or another number');
  return otherwise();
}

function joinSequences(a: Value, b: Value, fresh: (label: string) => Size): Value {
  if (a.kind !== 'sequence' || b.kind !== 'sequence' || a.items.length !== b.items.length) {
    throw notUnderstood('it returns sequences of different lengths');
  }
  return {
    kind: 'sequence',
    items: a.items.map((item, at) => asTensor(join(item, b.items[at] as Tensor, (label) => fresh(`${at} ${label}`)))),
  };
}

/**
 * Finds a state of a loop that holds before every step. Sizes and elements that change in a step are widened to new
 * atoms.
 */
function steady(
  call: Call,
  first: readonly Value[],
  step: (carried: readonly Value[]) => readonly Value[],
): { carried: readonly Value[]; results: readonly Value[] } {
  let carried = first;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const results = step(carried);
    const next = carried.map((value, at) =>
      join(value, results[at] as Value, (label) => call.fresh(`carried ${at} ${label}`)),
    );
    if (next.every((value, at) => sameValue(value, carried[at] as Value))) {
      return {
        carried: next.map((value, at) =>
          renamed(value, (label) => call.fresh(`after ${at} ${label}`), first[at] as Value),
        ),
        results,
      };
    }
    carried = next;
  }
  throw notUnderstood('the values that it carries between steps do not converge');
}

/** Renames widened atoms, because their values after the loop may differ from their values in any single step. */
function renamed(value: Value, fresh: (label: string) => Size, first: Value): Value {
  if (value.kind === 'sequence' && first.kind === 'sequence') {
    return {
      kind: 'sequence',
      items: value.items.map((item, at) =>
        asTensor(renamed(item, (label) => fresh(`${at} ${label}`), first.items[at] as Tensor)),
      ),
    };
  }
  if (value.kind !== 'tensor' || first.kind !== 'tensor') return value;
  const { dims, values } = value;
  return {
    ...value,
    ...(dims && { dims: dims.map((dim, axis) => (first.dims?.[axis]?.equals(dim) ? dim : fresh(`size ${axis}`))) }),
    ...(values && {
      values: values.map((element, at) =>
        first.values?.[at]?.equals(element) ? element : unknown(fresh(`value ${at}`), value.elem),
      ),
    }),
  };
}

function sameValue(a: Value, b: Value): boolean {
  if (a.kind === 'sequence' && b.kind === 'sequence') {
    return a.items.length === b.items.length && a.items.every((item, at) => sameValue(item, b.items[at] as Tensor));
  }
  if (a.kind === 'unusable' && b.kind === 'unusable') return a.obstacle === b.obstacle && sameSizes(a.dims, b.dims);
  if (a.kind !== 'tensor' || b.kind !== 'tensor') return false;
  return (
    sameSizes(a.dims, b.dims) &&
    sameSizes(a.values, b.values) &&
    sameRows(a.rows, b.rows) &&
    a.rowNumbers === b.rowNumbers &&
    a.elem === b.elem &&
    a.below?.key === b.below?.key
  );
}

function sameSizes(a: readonly Size[] | undefined, b: readonly Size[] | undefined): boolean {
  if (!a || !b) return a === b;
  return a.length === b.length && a.every((size, at) => size.equals(b[at] as Size));
}

function sameRows(a: Rows | undefined, b: Rows | undefined): boolean {
  if (!a || !b) return a === b;
  return a.axis === b.axis && a.outer.equals(b.outer) && a.inner.equals(b.inner) && a.uniform === b.uniform;
}

function loop(call: Call): Value[] {
  const body = call.attributes.graph('body');
  const trips = tripCount(call);
  if (call.has(1)) {
    const condition = call.tensor(1);
    if (condition.rows || isTainted(condition)) throw coupled('continues depending on the rows of the batch');
  }
  const first = call.inputs.slice(2).map((value) => value ?? missing());
  const { carried, results } = steady(call, first, (now) => {
    const iteration = valuesOf([], [call.fresh('iteration')], INT64);
    const [goOn, ...rest] = call.surroundings.evaluate(body, [iteration, invariant([], BOOL), ...now], 'body');
    refuseCondition(goOn);
    return rest;
  });
  const steps = steppedAlways(call) && trips ? trips : call.fresh('steps');
  return [
    ...carried,
    ...results
      .slice(first.length)
      .map((value, at) => inFrontOf(asTensor(value), 0, steps, (label) => call.fresh(`stacked ${at} ${label}`))),
  ];
}

function missing(): never {
  throw notUnderstood('a value that it carries is missing');
}

function tripCount(call: Call): Size | undefined {
  if (!call.has(0)) return undefined;
  const count = call.tensor(0);
  if (count.rows) throw coupled('runs a number of steps that depends on the rows of the batch');
  if (isTainted(count)) throw notUnderstood('runs as many steps as there are rows');
  const size = count.values?.[0];
  return size && size.min >= 0 ? size : undefined;
}

/** Whether only the number of steps can end the loop. */
function steppedAlways(call: Call): boolean {
  const condition = call.has(1) ? call.tensor(1).values?.[0] : ONE;
  if (!condition?.is(1)) return false;
  const { node, input, output } = call.attributes.graph('body');
  const producers = new Map(node.flatMap((each) => each.output.map((name) => [name, each])));
  let name = output[0]?.name;
  for (let hop = 0; hop <= node.length; hop++) {
    if (name !== undefined && name === input[1]?.name) return true;
    const from = producers.get(name as string);
    if (from?.opType !== 'Identity') return false;
    [name] = from.input;
  }
  return false;
}

function refuseCondition(value: Value | undefined): void {
  if (!value) throw notUnderstood('its body has no condition');
  const condition = asTensor(value);
  if (condition.rows || isTainted(condition)) throw coupled('continues depending on the rows of the batch');
}

/**
 * Stacks the results of all steps on a new axis; the sizes of the results must not differ between steps. If there are
 * no steps, the stacked result has the sizes that the runtime infers, and 0 in place of those that it cannot infer.
 */
function inFrontOf(t: Tensor, axis: number, steps: Size, fresh: (label: string) => Size): Tensor {
  const dims = dimsOf(t);
  if (isTainted(t) || t.rowNumbers) throw coupled('collects the number of rows');
  const isStepped = steps.min >= 1;
  if (t.rows && !isStepped) throw notUnderstood('collects rows from steps, and there may be no steps');
  const isKept = (dim: Size, at: number) => isStepped && (dim.constant !== undefined || at === t.rows?.axis);
  const sizes = dims.map((dim, at) => (isKept(dim, at) ? dim : fresh(`size ${at}`)));
  const rows = t.rows && { ...t.rows, axis: t.rows.axis + (t.rows.axis >= axis ? 1 : 0) };
  return {
    kind: 'tensor',
    dims: [...sizes.slice(0, axis), steps, ...sizes.slice(axis)],
    elem: t.elem,
    ...(rows && { rows }),
  };
}

function scan(call: Call): Value[] {
  if (call.opset < 9) throw notUnderstood('its first version is not supported');
  const body = call.attributes.graph('body');
  const count = call.attributes.int('num_scan_inputs', 0);
  const inputs = call.inputs.map((value) => value ?? missing());
  const states = inputs.slice(0, inputs.length - count);
  const axes = call.attributes.ints('scan_input_axes');
  const parts = inputs.slice(states.length).map((value, at) => stepOf(asTensor(value), axes?.[at] ?? 0));
  const steps =
    parts.map(({ steps }) => steps).find(({ constant }) => constant !== undefined) ??
    parts[0]?.steps ??
    call.fresh('steps');
  const { carried, results } = steady(call, states, (now) =>
    call.surroundings.evaluate(body, [...now, ...parts.map(({ part }) => part)], 'body'),
  );
  const outputAxes = call.attributes.ints('scan_output_axes');
  return [
    ...carried,
    ...results.slice(states.length).map((value, at) => {
      const t = asTensor(value);
      const rank = dimsOf(t).length + 1;
      const axis = outputAxes?.[at] ?? 0;
      return inFrontOf(t, axis < 0 ? axis + rank : axis, steps, (label) => call.fresh(`stacked ${at} ${label}`));
    }),
  ];
}

/** The part of a scanned tensor that one step reads. */
function stepOf(t: Tensor, along: number): { part: Tensor; steps: Size } {
  const dims = dimsOf(t);
  const axis = along < 0 ? along + dims.length : along;
  const steps = dims[axis];
  if (!steps) throw notUnderstood('the axis that it scans is unknown');
  if (t.rows?.axis === axis) throw notUnderstood('scans the rows one after another');
  if (isTainted(t) || t.rowNumbers) throw coupled('scans numbers of rows');
  const rows = t.rows && { ...t.rows, axis: t.rows.axis > axis ? t.rows.axis - 1 : t.rows.axis };
  const part: Tensor = {
    kind: 'tensor',
    dims: dims.filter((_, at) => at !== axis),
    elem: t.elem,
    ...(rows && { rows }),
  };
  return { part, steps };
}

/** Applies the body to each item of a sequence. */
function sequenceMap(call: Call): Value[] {
  const body = call.attributes.graph('body');
  const [first, ...others] = call.inputs.map((value) => value ?? missing());
  if (first?.kind !== 'sequence') throw notUnderstood('the length of the sequence is unknown');
  const results = first.items.map((item, at) =>
    call.surroundings.evaluate(
      body,
      [item, ...others.map((value) => (value.kind === 'sequence' ? (value.items[at] ?? missing()) : value))],
      `item ${at}`,
    ),
  );
  return call.node.output.map((_, position) => ({
    kind: 'sequence',
    items: results.map((values) => asTensor(values[position] ?? missing())),
  }));
}

export const controlFlow: Operators = {
  If: branch,
  Loop: loop,
  Scan: scan,
  SequenceMap: sequenceMap,
};
