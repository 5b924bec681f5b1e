/** One figure and what it is compared with, each with its unit. */
export interface Row {
  readonly what: string;
  readonly ours: string;
  readonly baseline: string;
  readonly ratio: string;
  readonly target: string;
}

export function markdown(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ what, ours, baseline, ratio, target }) => `| ${[what, ours, baseline, ratio, target].join(' | ')} |`,
  );
  return ['| | ours | baseline | ratio | target |', '|---|---|---|---|---|', ...lines].join('\n');
}

/** A row of two times in milliseconds. */
export function ratioRow(what: string, ours: number[], baseline: number[], target: string): Row {
  const [a, b] = [median(ours), median(baseline)];
  return { what, ours: milliseconds(a), baseline: milliseconds(b), ratio: (a / b).toFixed(2), target };
}

export function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(3) : value.toFixed(0)} ms`;
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
