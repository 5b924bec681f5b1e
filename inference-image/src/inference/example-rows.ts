import { BufferPool } from './buffer-pool';
import type { Run } from './executor';
import type { RowLayout } from './row-layout';
import type { RowSource } from './row-trial';

/** Maximum number of rows that are tried; each row adds two runs to every startup. */
const MAX_ROWS = 3;

/** Maximum number of examples that are used; there may be hundreds. */
const MAX_EXAMPLES = 16;

/** Rows of golden examples that can share a run. */
export interface ExampleRows extends RowSource {
  readonly count: number;
}

/** Finds at least two rows of the examples that can share a run; undefined if there are none. */
export function exampleRows(layout: RowLayout, examples: readonly Run[]): ExampleRows | undefined {
  const rows = examples.slice(0, MAX_EXAMPLES).flatMap((example) => rowsOf(layout, example));
  const groups = rows.map((first) => rows.filter((row) => layout.isCompatible(first, row)));
  const [largest] = groups.sort((a, b) => b.length - a.length);
  if (!largest || largest.length < 2) return undefined;
  const pool = new BufferPool();
  const run = (indices: readonly number[]) =>
    layout.merge(
      indices.map((index) => largest[index] as Run),
      pool,
    );
  return { count: Math.min(MAX_ROWS, largest.length), run };
}

function rowsOf(layout: RowLayout, example: Run): Run[] {
  if (!layout.hasConsistentRows(example)) return [];
  const count = Math.min(MAX_ROWS, layout.rowsOf(example));
  return Array.from({ length: count }, (_, i) => layout.slice(example, i, 1));
}
