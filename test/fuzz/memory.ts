const ALLOWED = 1.1;

/** What is wrong with a server's memory over a run: it may grow at first, and then no more. */
export function growth(memory: readonly number[]): string[] {
  const quarter = Math.floor(memory.length / 4);
  const settled = median(memory.slice(quarter, 2 * quarter));
  const last = median(memory.slice(-quarter));
  return last > settled * ALLOWED
    ? [`its memory grows: ${settled} MiB in the second quarter, ${last} in the last`]
    : [];
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}
