const ALLOWED = 1.1;

/** What is wrong with a server's memory over a run: it may grow at first, and then no more. */
export function growth(memory: readonly number[]): string[] {
  const quarter = Math.floor(memory.length / 4);
  const settled = median(memory.slice(quarter, 2 * quarter));
  const last = median(memory.slice(-quarter));
  const figures = `${memory[0]?.toFixed(0)} MiB at first, ${settled.toFixed(0)} settled, ${last.toFixed(0)} at last`;
  console.log(`memory: ${figures}`);
  return last > settled * ALLOWED ? [`memory grows: ${figures}`] : [];
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}
