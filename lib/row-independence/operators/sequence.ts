import { coupled, notUnderstood } from '../values/obstacle';
import { ONE, Size, ZERO } from '../values/size';
import { INT64, invariant, valuesOf, BOOL, type Sequence, type Tensor, type Value } from '../values/tensor';
import { asData, asTensor, axisOf, dimsOf, type Call, type Operators } from './call';
import { concatenated } from './joining';
import { sliced } from './slicing';
import { writtenIfUnderstood } from './unwritten';

/** Longer sequences are not analyzed. */
const MAX_ITEMS = 256;

function sequence(items: readonly Tensor[]): Sequence {
  if (items.length > MAX_ITEMS) throw notUnderstood('the sequence is too long to follow');
  return { kind: 'sequence', items };
}

function items(call: Call, position: number): readonly Tensor[] {
  const value = call.inputs[position];
  if (value?.kind === 'unusable') throw value.obstacle;
  if (value?.kind !== 'sequence') throw notUnderstood('the length of the sequence is unknown');
  return value.items;
}

/** A known index into a sequence, counted from the front. */
function positionIn(call: Call, position: number, length: number): number {
  const [at] = call.constants(position, 'a position in the sequence') ?? [];
  const index = at !== undefined && at < 0 ? at + length : at;
  if (index === undefined || index < 0 || index > length) throw notUnderstood('a position in the sequence is unknown');
  return index;
}

function construct(call: Call): Value {
  return sequence(call.inputs.flatMap((value) => (value ? [asTensor(value)] : [])));
}

function at(call: Call): Value {
  const all = items(call, 0);
  const item = all[positionIn(call, 1, all.length)];
  if (!item) throw notUnderstood('a position in the sequence is unknown');
  return item;
}

function insert(call: Call): Value {
  const all = items(call, 0);
  const index = call.has(2) ? positionIn(call, 2, all.length) : all.length;
  return sequence([...all.slice(0, index), call.tensor(1), ...all.slice(index)]);
}

function erase(call: Call): Value {
  const all = items(call, 0);
  const index = call.has(1) ? positionIn(call, 1, all.length) : all.length - 1;
  return sequence(all.filter((_, item) => item !== index));
}

function concatFromSequence(call: Call): Value {
  const all = items(call, 0);
  const [first] = all;
  if (!first) throw notUnderstood('the sequence is empty');
  const axis = call.attributes.int('axis', 0);
  if (!call.attributes.flag('new_axis', false)) return concatenated(all, axis);
  const rank = dimsOf(first).length + 1;
  const where = axisOf(axis, rank);
  return concatenated(
    all.map((t) => stacked(t, where)),
    where,
  );
}

function stacked(t: Tensor, where: number): Tensor {
  const dims = dimsOf(t);
  const { rows, elem } = asData(t);
  const moved = rows && { ...rows, axis: rows.axis < where ? rows.axis : rows.axis + 1 };
  return {
    kind: 'tensor',
    dims: [...dims.slice(0, where), ONE, ...dims.slice(where)],
    elem,
    ...(moved && { rows: moved }),
  };
}

/** Splits a tensor into a known number of parts. If no sizes are given, each index becomes one part. */
function splitToSequence(call: Call): Value {
  const t = call.data(0);
  const dims = dimsOf(t);
  const axis = axisOf(call.attributes.int('axis', 0), dims.length);
  if (t.rows?.axis === axis) throw coupled('splits the axis that counts rows');
  const length = dims[axis]?.constant;
  const given = call.constants(1, 'the sizes of the parts');
  const scalar = call.has(1) && call.tensor(1).dims?.length === 0;
  const keep = call.has(1) || call.attributes.flag('keepdims', true);
  if (length === undefined && (!given || scalar)) throw notUnderstood('the length of the sequence is unknown');
  const sizes = given && !scalar ? given : chunks(length as number, given?.[0] ?? 1);
  let start = ZERO;
  const parts = sizes.map((size) => {
    const part = sliced(t, axis, start, Size.of(size));
    start = start.plus(Size.of(size));
    return keep ? part : dropped(part, axis);
  });
  return sequence(parts);
}

function chunks(length: number, size: number): number[] {
  if (size < 1 || length / size > MAX_ITEMS) throw notUnderstood('the sequence is too long to follow');
  return Array.from({ length: Math.ceil(length / size) }, (_, at) => Math.min(size, length - at * size));
}

function dropped(t: Tensor, axis: number): Tensor {
  const dims = dimsOf(t).filter((_, at) => at !== axis);
  const { rows, elem } = asData(t);
  const moved = rows && { ...rows, axis: rows.axis < axis ? rows.axis : rows.axis - 1 };
  return { kind: 'tensor', dims, elem, ...(moved && { rows: moved }) };
}

/** Treats an optional value as the tensor that it contains. */
function optional(call: Call): Value {
  const value = call.inputs[0];
  if (!value) throw notUnderstood('its optional input is empty');
  return value;
}

function hasElement(call: Call): Value {
  const value = call.inputs[0];
  return value ? valuesOf([], [ONE], BOOL) : invariant([], BOOL);
}

export const sequences: Operators = {
  SequenceConstruct: construct,
  SequenceEmpty: () => sequence([]),
  SequenceAt: at,
  SequenceInsert: insert,
  SequenceErase: erase,
  SequenceLength: (call) => valuesOf([], [Size.of(items(call, 0).length)], INT64),
  ConcatFromSequence: writtenIfUnderstood(concatFromSequence),
  SplitToSequence: splitToSequence,
  Optional: optional,
  OptionalGetElement: optional,
  OptionalHasElement: hasElement,
};
