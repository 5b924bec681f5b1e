import type { Signature } from '../contract/signature';
import type { BufferPool } from './buffer-pool';
import type { Run } from './executor';
import type { Job } from './job';
import { joinRows, sliceRows } from './rows';
import type { Tensor } from './tensor';

/** Tells which runs may be one: those of equal trailing shapes and equal outputs. */
export class Compatibility {
  /** Inputs whose trailing dimensions are not all fixed, and so may differ. */
  private readonly varying: ReadonlySet<string>;

  constructor({ inputs }: Signature) {
    const varies = inputs.filter(({ dimensions }) => dimensions.slice(1).some((size) => typeof size !== 'number'));
    this.varying = new Set(varies.map(({ name }) => name));
  }

  isCompatible(a: Run, b: Run): boolean {
    if (a.outputs !== b.outputs && !equal(a.outputs, b.outputs)) return false;
    for (const name of this.varying) {
      if (!equalBeyondFirst(shapeOf(a, name), shapeOf(b, name))) return false;
    }
    return true;
  }
}

function shapeOf(run: Run, input: string): readonly number[] {
  return (run.inputs.find(({ name }) => name === input) as Tensor).shape;
}

function equalBeyondFirst(a: readonly number[], b: readonly number[]): boolean {
  return a.every((size, axis) => axis === 0 || size === b[axis]);
}

function equal(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

/** One run of several. Their own data stay as they are, so that each can still run alone. */
export function mergeRuns(runs: readonly Run[], pool: BufferPool): Run {
  const [first] = runs as [Run];
  const inputs = first.inputs.map((input, i) => {
    const parts = runs.map((run) => {
      const same = run.inputs[i];
      return same?.name === input.name ? same : (run.inputs.find(({ name }) => name === input.name) as Tensor);
    });
    return joinRows(parts, (datatype, count) => pool.take(datatype, count));
  });
  return { inputs, outputs: first.outputs, returnInputs: true };
}

/** Gives each job its rows of the outputs; throws where they are not as many as went in. */
export function splitOutputs(jobs: readonly Job[], outputs: readonly Tensor[]): Tensor[][] {
  const rows = jobs.reduce((total, job) => total + job.rows, 0);
  for (const { name, shape } of outputs) {
    if (shape[0] !== rows) throw new Error(`output ${JSON.stringify(name)} of ${rows} rows has shape [${shape}]`);
  }
  let start = 0;
  return jobs.map((job) => {
    const own = outputs.map((output) => sliceRows(output, start, job.rows));
    start += job.rows;
    return own;
  });
}

/** A run of more rows than one may have, as several. */
export function splitRun({ inputs, outputs }: Run, rows: number, maxRows: number): Run[] {
  return Array.from({ length: Math.ceil(rows / maxRows) }, (_, i) => {
    const start = i * maxRows;
    return { inputs: inputs.map((input) => sliceRows(input, start, Math.min(maxRows, rows - start))), outputs };
  });
}

/** The outputs of the parts of a run, in their order, as those of the whole. */
export function joinOutputs(parts: readonly (readonly Tensor[])[]): Tensor[] {
  return (parts[0] ?? []).map((_, i) => joinRows(parts.map((outputs) => outputs[i] as Tensor)));
}
