import type { ValueInfo } from '../onnx-graph';

/** Where each input has rows: an axis, or null where requests that share a run have the input in common. */
export type InputAxes = readonly (number | null)[];

/** A model takes rows in one of a few ways; others are not tried. */
const MAX_ASSIGNMENTS = 24;

/** Axes further behind are not where rows are. */
const MAX_AXIS = 3;

/** Axes of an input that may count rows. */
function freeAxes({ dimensions }: ValueInfo): number[] {
  return (dimensions ?? []).flatMap((size, axis) => (typeof size !== 'number' && axis <= MAX_AXIS ? [axis] : []));
}

export function isFree(input: ValueInfo, axis: number): boolean {
  return freeAxes(input).includes(axis);
}

/**
 * Ways in which the inputs may carry rows, the most natural first: on axis 0 wherever that is free. Names of
 * dimensions order the ways, and prove nothing.
 */
export function assignments(inputs: readonly ValueInfo[]): InputAxes[] {
  const free = inputs.map(freeAxes);
  const first = inputs.map((_, at) => (free[at]?.[0] === 0 ? 0 : null));
  const found: InputAxes[] = [];

  // Rows on axis 0; other inputs, such as the state of a recurrent model, on the axis of the same name, or any.
  const symbols = new Set(inputs.flatMap((input, at) => symbolAt(input, first[at] ?? null)));
  found.push(inputs.map((input, at) => first[at] ?? axisOfSymbol(input, symbols)));
  found.push(inputs.map((_, at) => first[at] ?? free[at]?.[0] ?? null));
  found.push(first);

  // By one name, wherever an input has it.
  for (const symbol of symbolsOf(inputs)) {
    const named = inputs.map((input) => axisOfSymbol(input, new Set([symbol])));
    found.push(named.map((axis, at) => axis ?? first[at] ?? null), named);
  }

  // Lists may be lengths or options that requests have in common; then single inputs.
  const lists = inputs.map((input) => input.dimensions?.length === 1);
  found.push(first.map((axis, at) => (lists[at] ? null : axis)));
  first.forEach((axis, at) => {
    if (axis === 0) found.push(first.map((other, position) => (position === at ? null : other)));
  });

  // Sequences with the steps first.
  found.push(inputs.map((_, at) => free[at]?.find((axis) => axis === 1) ?? free[at]?.[0] ?? null));
  return distinct(found.filter((axes) => axes.some((axis) => axis !== null))).slice(0, MAX_ASSIGNMENTS);
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

/** An input that has the name of the rows on another axis too: to share a run would change that axis. */
export function clash(inputs: readonly ValueInfo[], axes: InputAxes): ValueInfo | undefined {
  const symbols = new Set(inputs.flatMap((input, at) => symbolAt(input, axes[at] ?? null)));
  return inputs.find(({ dimensions }, at) =>
    dimensions?.some((size, axis) => axis !== axes[at] && typeof size === 'string' && symbols.has(size)),
  );
}

/** Inputs with first dimensions of 1 declared free, and rows on axis 0 there. */
export function freedAssignments(inputs: readonly ValueInfo[]): { inputs: ValueInfo[]; axes: InputAxes }[] {
  const one = inputs.map(({ dimensions }) => dimensions?.[0] === 1);
  if (!one.includes(true)) return [];
  const list = inputs.map(({ dimensions }) => dimensions?.length === 1);
  const choices = [one, one.map((freed, at) => freed && !list[at])].filter((freed) => freed.includes(true));
  return choices.map((freed) => ({
    inputs: inputs.map((input, at) =>
      freed[at] && input.dimensions ? { ...input, dimensions: [null, ...input.dimensions.slice(1)] } : input,
    ),
    axes: inputs.map((input, at) => (freed[at] || isFree(input, 0) ? 0 : null)),
  }));
}
