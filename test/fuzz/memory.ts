const ALLOWED = 1.1;

/** Faults in the growth of a server's memory over a run: it may grow only in the first half. */
export function growth(memory: readonly number[]): string[] {
  const quarter = Math.floor(memory.length / 4);
  const settled = median(memory.slice(quarter, 2 * quarter));
  const last = median(memory.slice(-quarter));
  return last > settled * ALLOWED
    ? [`its memory grows from ${settled} MiB in the second quarter to ${last} MiB in the last`]
    : [];
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}
