import type { ExactSizes } from '../values/exact-sizes';
import { CannotRun, coupled, notUnderstood } from '../values/obstacle';
import { floorDivide, growthWithin, lesser, N, ONE, Size, ZERO } from '../values/size';
import {
  areColumns,
  constantDims,
  flatIndex,
  invariant,
  rearranged,
  type Rows,
  type Tensor,
  type Value,
} from '../values/tensor';
import { asData, axisOf, dimsOf, withoutValues, type Call, type Operators } from './call';
import { unwritten, writtenIfUnderstood } from './unwritten';

/**
 * Ends of at least this size mean "to the end": tf2onnx writes 1,000,000,000; other exporters write 2^31-1 or 2^63-1.
 */
const TO_THE_END = 1_000_000_000;

function slice(call: Call): Value {
  const t = call.tensor(0);
  const rank = dimsOf(t).length;
  const list = (name: string, position: number, what: string) =>
    call.attributes.ints(name)?.map((value) => Size.of(value)) ??
    (call.has(position) ? call.numbers(position, what) : undefined);
  const starts = list('starts', 1, 'where it starts');
  const ends = list('ends', 2, 'where it ends');
  if (!starts || !ends) throw notUnderstood('where it starts and ends is not known');
  const axes = call.axes(3) ?? starts.map((_, axis) => axis);
  const steps = call.has(4) ? call.numbers(4, 'its steps') : starts.map(() => ONE);
  if (axes.length !== starts.length || ends.length !== starts.length)
    throw new CannotRun('its starts and ends are for different axes');
  return axes.reduce<Tensor>(
    (part, axis, at) =>
      sliceAxis(
        part,
        axisOf(axis, rank),
        { start: starts[at] as Size, end: ends[at] as Size, step: steps[at] ?? ONE },
        call.surroundings.sizes,
      ),
    t,
  );
}

interface Part {
  readonly start: Size;
  readonly end: Size;
  readonly step: Size;
}

function sliceAxis(t: Tensor, axis: number, { start, end, step }: Part, sizes: ExactSizes): Tensor {
  const length = dimsOf(t)[axis] as Size;
  const isBeyond = (at: Size, sign: 1 | -1) => {
    const limit = sign * (at.constant ?? 0);
    return limit >= TO_THE_END && sizes.isBelow(length, limit);
  };
  const startsAtBeginning = start.is(0) || isBeyond(start, -1);
  const goesToTheEnd = isBeyond(end, 1) || end.minus(length).min >= 0;
  if (step.is(1) && startsAtBeginning && goesToTheEnd) return t;
  if (t.rows?.axis === axis) {
    const to = goesToTheEnd ? length : end;
    if (!step.is(1) || start.min < 0) throw coupled('picks some of the rows, or reverses them');
    return blockOf(t, start, to.minus(start));
  }
  const known = length.constant;
  const by = step.constant;
  // With a negative step, the runtime interprets the greatest integers as the beginning, contrary to the ONNX
  // specification.
  const isOdd = by !== undefined && by < 0 && (end.constant ?? 0) >= TO_THE_END;
  if (known !== undefined && by !== undefined && start.constant !== undefined && end.constant !== undefined && !isOdd) {
    return sliceKnown(t, axis, known, start.constant, end.constant, by);
  }
  if (by === 1) {
    const from = startsAtBeginning ? ZERO : position(start, length);
    const to = goesToTheEnd ? length : position(end, length);
    if (from && to) return sliced(t, axis, from, lengthBetween(from, to, length));
  }
  if (by === -1 && start.is(-1) && isBeyond(end, -1)) return sliced(t, axis, Size.atom('turned'), length);
  if (end.tainted || start.tainted) throw coupled('picks by the number of rows');
  return sliced(
    t,
    axis,
    Size.atom('anywhere'),
    Size.opaque('slice', [length, start, end, step], { min: 0, growth: growthWithin([length]) }),
  );
}

function sliceKnown(t: Tensor, axis: number, length: number, start: number, end: number, step: number): Tensor {
  if (step === 0) throw new CannotRun('its step is 0');
  const clamp = (at: number, low: number, high: number) => Math.min(Math.max(at < 0 ? at + length : at, low), high);
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const from = clamp(start, 0, high);
  const to = clamp(end, low, high);
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (step === 1) return sliced(t, axis, Size.of(from), Size.of(count));
  const dims = dimsOf(t).map((dim, at) => (at === axis ? Size.of(count) : dim));
  const [old, sizes] = [constantDims(t), constantDims(invariant(dims))];
  const moved =
    old &&
    sizes &&
    rearranged(t, sizes, (index) =>
      flatIndex(old, (at) => (at === axis ? from + (index[at] as number) * step : (index[at] as number))),
    );
  return moved ?? { ...withoutValues(t), dims };
}

/** Position counted from the front, before clamping. */
function position(at: Size, length: Size): Size | undefined {
  if (at.min >= 0) return at;
  return at.constant === undefined ? undefined : length.plus(at);
}

/**
 * Length of a slice, never below 0: a difference that could be negative becomes a new atom. Because an axis of an input
 * has at least one element, the difference for a slice from index 1 to the end is not negative.
 */
function lengthBetween(from: Size, to: Size, length: Size): Size {
  const end = lesser(to, length);
  const difference = end.minus(from);
  if (from.min >= 0 && difference.min >= 0) return difference;
  return Size.opaque('between', [from, end], { min: 0, growth: growthWithin([length]) });
}

function split(call: Call): Value[] {
  const t = call.tensor(0);
  const dims = dimsOf(t);
  const axis = axisOf(call.attributes.int('axis', 0), dims.length);
  const length = dims[axis] as Size;
  const count = call.node.output.length;
  const given =
    call.attributes.ints('split')?.map((value) => Size.of(value)) ??
    (call.has(1) ? call.numbers(1, 'the sizes of the parts') : undefined);
  if (given && given.length !== count) throw notUnderstood('its numbers of parts and sizes differ');
  if (call.attributes.int('num_outputs', count) !== count)
    throw notUnderstood('its numbers of parts and outputs differ');
  const parts = given ?? equalParts(length, count);
  const starts = parts.map((_, at) => parts.slice(0, at).reduce((sum, part) => sum.plus(part), Size.of(0)));
  if (t.rows?.axis === axis) return parts.map((part, at) => blockOf(t, starts[at] as Size, part));
  return parts.map((part, at) => sliced(t, axis, starts[at] as Size, part));
}

/** Lengths of the equal parts that an axis is split into; the last part may be smaller. */
function equalParts(length: Size, count: number): Size[] {
  const known = length.constant;
  if (known !== undefined) {
    const part = Math.ceil(known / count);
    return Array.from({ length: count }, (_, at) => Size.of(Math.max(0, Math.min(part, known - at * part))));
  }
  const exact = length.dividedBy(Size.of(count));
  if (exact) return Array<Size>(count).fill(exact);
  const part = floorDivide(length.plus(Size.of(count - 1)), Size.of(count));
  return Array.from({ length: count }, (_, at) =>
    at < count - 1 ? part : Size.opaque('last', [length, part], { min: 0, growth: growthWithin([length]) }),
  );
}

/** Slices a tensor along one axis. */
export function sliced(t: Tensor, axis: number, start: Size, length: Size): Tensor {
  const dims = dimsOf(t).map((dim, at) => (at === axis ? length : dim));
  const [old, sizes] = [constantDims(t), constantDims(invariant(dims))];
  const from = start.constant;
  if (t.values && old && sizes && from !== undefined) {
    const part = rearranged(t, sizes, (index) =>
      flatIndex(old, (at) => (index[at] as number) + (at === axis ? from : 0)),
    );
    if (part) return part;
  }
  if (areColumns(t.rowNumbers)) asData(t);
  const { elem, rows, rowNumbers } = t;
  if (!rowNumbers) asData(t);
  return { kind: 'tensor', dims, elem, ...(rows && { rows }), ...(rowNumbers && { rowNumbers }) };
}

/** Slices a tensor along the axis of its rows. The slice must consist of blocks that contain all rows. */
function blockOf(t: Tensor, start: Size, length: Size): Tensor {
  const { rows, elem } = asData(t);
  if (!rows) throw notUnderstood('it has no rows');
  const unit = N.times(rows.inner);
  const [from, count] = [start.dividedBy(unit)?.constant, length.dividedBy(unit)?.constant];
  const outer = rows.outer.constant;
  const whole =
    from !== undefined &&
    count !== undefined &&
    outer !== undefined &&
    from >= 0 &&
    count >= 1 &&
    from + count <= outer;
  if (!whole) throw coupled('picks some of the rows');
  const part: Rows = { axis: rows.axis, outer: length.dividedBy(unit) ?? ONE, inner: rows.inner };
  const dims = dimsOf(t).map((size, at) => (at === rows.axis ? length : size));
  return { kind: 'tensor', dims, rows: part, elem };
}

function pad(call: Call): Value {
  const t = call.tensor(0);
  const dims = dimsOf(t);
  call.shared(2, 'the value to pad with');
  const given =
    (call.attributes.ints('pads') ?? call.attributes.ints('paddings'))?.map((value) => Size.of(value)) ??
    call.numbers(1, 'how much it pads');
  const axes =
    call.constants(3, 'the axes that it pads')?.map((axis) => axisOf(axis, dims.length)) ?? dims.map((_, axis) => axis);
  if (given.length !== 2 * axes.length) throw new CannotRun('it pads a different number of axes than its input has');
  const sizes = [...dims];
  axes.forEach((axis, at) => {
    const [before, after] = [given[at] as Size, given[at + axes.length] as Size];
    if (before.is(0) && after.is(0)) return;
    if (t.rows?.axis === axis) throw coupled('pads the axis that counts rows');
    if (before.tainted || after.tainted) throw coupled('pads by the number of rows');
    const own = sizes[axis] as Size;
    if (wraps(call) && [before, after].some((more) => more.min < 0 || own.minus(more).min < 0)) throw unwritten();
    const size = own.plus(before).plus(after);
    sizes[axis] = size.min >= 0 ? size : Size.opaque('size', [size], { min: 0, growth: growthWithin([size]) });
  });
  return { ...withoutValues(t), dims: sizes };
}

/** Whether padding repeats elements from the opposite end of the axis. The runtime writes only one such repetition. */
function wraps({ attributes }: Call): boolean {
  return attributes.string('mode') === 'wrap';
}

function trilu(call: Call): Value {
  const t = call.data(0);
  const rank = dimsOf(t).length;
  call.shared(1, 'the diagonal');
  if (t.rows && t.rows.axis >= rank - 2) throw coupled('keeps elements of each row by its position in the batch');
  return withoutValues(t);
}

export const slicing: Operators = {
  Slice: slice,
  Split: split,
  Pad: (call) => (wraps(call) ? writtenIfUnderstood(pad) : pad)(call),
  Trilu: trilu,
};
