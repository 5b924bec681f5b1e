import { dimensionName } from '../../inference-image/src/contract/given-sizes';
import type { ValueInfo } from '../onnx/value-info';
import { withUnknownElements } from './results';
import { notUnderstood } from './values/obstacle';
import { N, OF_AN_AXIS, Size } from './values/size';
import { invariant, rowsOn, withRows, type Value } from './values/tensor';

/**
 * Axis of the rows in each input; null for an input without rows, which must have the same values in all requests that
 * share a run.
 */
export type InputAxes = readonly (number | null)[];

/** Maximum number of assignments to try. */
const MAX_ASSIGNMENTS = 24;

/** Last axis that is tried as the axis of the rows. */
const MAX_AXIS = 3;

/** Axes of an input that may be the axis of the rows. */
function freeAxes({ dimensions }: ValueInfo): number[] {
  return (dimensions ?? []).flatMap((size, axis) => (typeof size !== 'number' && axis <= MAX_AXIS ? [axis] : []));
}

export function isFree(input: ValueInfo, axis: number): boolean {
  return freeAxes(input).includes(axis);
}

/**
 * Possible assignments of the rows to axes of the inputs, the most likely first: axis 0 of every input in which it is
 * free. Names of dimensions only determine the order; they prove nothing.
 */
export function assignments(inputs: readonly ValueInfo[]): InputAxes[] {
  const found = new Map<string, InputAxes>();
  for (const axes of candidates(inputs)) {
    if (axes.every((axis) => axis === null)) continue;
    found.set(axes.join(), axes);
    // Each assignment is as long as the list of inputs, so many of them would be large.
    if (found.size === MAX_ASSIGNMENTS) break;
  }
  return [...found.values()];
}

function* candidates(inputs: readonly ValueInfo[]): Generator<InputAxes> {
  const free = inputs.map(freeAxes);
  const first = inputs.map((_, at) => (free[at]?.[0] === 0 ? 0 : null));

  // First, the rows are on axis 0. In other inputs, such as the state of a recurrent model, they are on the axis with
  // the same name, or on the first free axis, or the input has no rows.
  const symbols = new Set(inputs.flatMap((input, at) => symbolAt(input, first[at] ?? null)));
  yield inputs.map((input, at) => first[at] ?? axisOfSymbol(input, symbols));
  yield inputs.map((_, at) => first[at] ?? free[at]?.[0] ?? null);
  yield first;

  // Then, the rows are on the axes with the same name in all inputs.
  for (const symbol of symbolsOf(inputs)) {
    const named = inputs.map((input) => axisOfSymbol(input, new Set([symbol])));
    yield named.map((axis, at) => axis ?? first[at] ?? null);
    yield named;
  }

  // Then, inputs with one axis have no rows, because they may be lengths or options that requests share. After that, a
  // single input has no rows.
  const lists = inputs.map((input) => input.dimensions?.length === 1);
  yield first.map((axis, at) => (lists[at] ? null : axis));
  for (const [at, axis] of first.entries()) {
    if (axis === 0) yield first.map((other, position) => (position === at ? null : other));
  }

  // Finally, the rows are on axis 1, as in sequences with the steps on the first axis.
  yield inputs.map((_, at) => free[at]?.find((axis) => axis === 1) ?? free[at]?.[0] ?? null);
}

function symbolAt({ dimensions }: ValueInfo, axis: number | null): string[] {
  const size = axis === null ? undefined : dimensions?.[axis];
  return typeof size === 'string' ? [size] : [];
}

function symbolsOf(inputs: readonly ValueInfo[]): Set<string> {
  return new Set(inputs.flatMap((input) => freeAxes(input).flatMap((axis) => symbolAt(input, axis))));
}

function axisOfSymbol(input: ValueInfo, symbols: ReadonlySet<string>): number | null {
  return freeAxes(input).find((axis) => symbolAt(input, axis).some((symbol) => symbols.has(symbol))) ?? null;
}

function distinct(found: readonly InputAxes[]): InputAxes[] {
  return [...new Map(found.map((axes) => [axes.join(), axes])).values()];
}

/**
 * Finds an input in which another axis has the same symbol as the axis of the rows. Sharing a run would change the size
 * of that axis too.
 */
export function clash(inputs: readonly ValueInfo[], axes: InputAxes): ValueInfo | undefined {
  const symbols = new Set(inputs.flatMap((input, at) => symbolAt(input, axes[at] ?? null)));
  return inputs.find(({ dimensions }, at) =>
    dimensions?.some((size, axis) => axis !== axes[at] && typeof size === 'string' && symbols.has(size)),
  );
}

/**
 * Declares dimensions of 1 as free: the first dimensions of inputs, or the second dimensions of states with layers on
 * the first axis.
 */
export function freedAssignments(inputs: readonly ValueInfo[]): { inputs: ValueInfo[]; axes: InputAxes }[] {
  const one = (axis: number) => inputs.map(({ dimensions }) => dimensions?.[axis] === 1);
  const [first, second] = [one(0), one(1)];
  if (!first.includes(true)) return [];
  const list = inputs.map(({ dimensions }) => dimensions?.length === 1);
  const free = inputs.map((input) => (isFree(input, 0) ? 0 : null));
  // Further inputs of sizes [1, 1, width] may be the state of a recurrent model with a single layer.
  const state = inputs.map(({ dimensions }, at) => at > 0 && dimensions?.length === 3 && first[at] && second[at]);
  const choices: InputAxes[] = [
    free.map((axis, at) => (first[at] ? 0 : axis)),
    free.map((axis, at) => (first[at] && !list[at] ? 0 : axis)),
    free.map((axis, at) => (first[at] ? 0 : (axis ?? (second[at] ? 1 : null)))),
    free.map((axis, at) => (first[at] && !list[at] ? 0 : (axis ?? (second[at] ? 1 : null)))),
    free.map((axis, at) => (state[at] ? 1 : first[at] ? 0 : axis)),
    free.map((axis, at) => (state[at] ? 1 : first[at] && !list[at] ? 0 : axis)),
  ];
  return distinct(choices.filter((axes) => axes.some((axis, at) => axis === 0 && first[at]))).map((axes) => ({
    inputs: inputs.map((input, at) => declaredFree(input, axes[at] ?? null)),
    axes,
  }));
}

function declaredFree(input: ValueInfo, axis: number | null): ValueInfo {
  const { dimensions } = input;
  if (!dimensions || axis === null || dimensions[axis] !== 1) return input;
  return { ...input, dimensions: dimensions.map((size, at) => (at === axis ? null : size)) };
}

/**
 * What is known about an input.
 *
 * @param axis - axis of the rows; null for an input without rows
 * @param namesAreSizes - whether dimensions of the same name have the same size
 * @param empty - names of dimensions that may be empty
 */
export function inputValue(
  input: ValueInfo,
  axis: number | null,
  namesAreSizes: boolean,
  empty: readonly string[] = [],
): Value {
  const { name, kind, elementType, dimensions } = input;
  if (kind !== 'tensor') return { kind: 'unusable', obstacle: notUnderstood('reads an input that is not a tensor') };
  if (!dimensions) return invariant(undefined, elementType);
  const dims = dimensions.map((size, at) => {
    if (at === axis) return N;
    if (typeof size === 'number') return Size.of(size);
    const key = namesAreSizes && size !== null ? size : [name, at];
    // A request runs alone if an axis other than its row axis has size 0 (row-layout.ts).
    const min = empty.includes(dimensionName({ name, dimensions }, at) ?? '') ? 0 : 1;
    return Size.atom(`size ${JSON.stringify(key)}`, { min, growth: OF_AN_AXIS });
  });
  if (axis !== null) return withRows(dims, rowsOn(axis), elementType);
  return withUnknownElements(invariant(dims, elementType), `input ${JSON.stringify(name)}`);
}
