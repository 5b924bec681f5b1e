import type { BatchingVerdict, RowAxes } from '../../inference-image/src/contract/batching-verdict';
import type { GraphMessage, ModelMessage } from '../onnx/decoded-model';
import { requestInputs, type ValueInfo } from '../onnx/value-info';
import { cases } from './cases';
import { assignments, clash, freedAssignments, inputValue, isFree, type InputAxes } from './input-axes';
import { Budget, Interpreter } from './interpreter';
import { blamed, quoted, shortened, type Refusal } from './refusal';
import { ExactSizes } from './values/exact-sizes';
import { coupled, notUnderstood, Obstacle, Stopped } from './values/obstacle';
import { isTainted, type Tensor, type Value } from './values/tensor';

/** What the graph proves about the rows of a batch. */
export interface RowProof {
  readonly verdict: BatchingVerdict;
  /** Batch axes that the model would have if first dimensions fixed at 1 were free; set only if this is proved. */
  readonly ifFreed?: RowAxes;
  /** Why `ifFreed` could not be proved; set only if a first dimension is fixed at 1. */
  readonly refusedIfFreed?: BatchingVerdict;
}

/** Limit on the nodes and names in all passes together; each pass over a graph of 1,500 nodes takes about 7,000. */
const MAX_STEPS = 400_000;

type Outcome = Refusal | (BatchingVerdict & { verdict: 'independent' });

/**
 * Decides from a model's graph whether the rows of a batch influence each other, for any number of rows and all sizes
 * and values. It tracks the layout of the rows in each tensor, from the inputs to the outputs. If the result is not
 * certain, the verdict is `not understood`.
 *
 * With several inputs, dimensions of the same name are assumed to have the same size, because the server rejects
 * requests in which they differ (input-checks.ts). The axes of a single input may differ.
 */
export function proveRowIndependence(model: ModelMessage): RowProof {
  try {
    return proofOf(model);
  } catch (error) {
    // An error in the proof must not prevent the model from being read.
    const reason = `the proof failed: ${shortened(error instanceof Error ? error.message : String(error))}`;
    return { verdict: { verdict: 'not understood', node: 'graph', operator: 'graph', reason } };
  }
}

function proofOf(model: ModelMessage): RowProof {
  const { graph } = model;
  if (!graph) return { verdict: { verdict: 'fixed', reason: 'the model has no graph' } };
  const inputs = requestInputs(graph);
  const prover = new Prover(model, graph, inputs);
  const candidates = assignments(inputs);
  let first: Refusal | undefined;
  for (const axes of candidates) {
    const outcome = prover.attempt(axes);
    if (outcome.verdict === 'independent') return { verdict: outcome };
    first ??= outcome;
  }
  // If no first dimension is free, a failed attempt with rows on other axes is not reported.
  const anyFirst = inputs.some((input) => isFree(input, 0) || !input.dimensions || input.kind !== 'tensor');
  const verdict = first && anyFirst ? first : fixed(inputs);
  return { verdict, ...prover.ifFreed() };
}

function fixed(inputs: readonly ValueInfo[]): BatchingVerdict {
  const input = inputs.find(({ dimensions }) => dimensions && dimensions.length > 0);
  if (!input) return { verdict: 'fixed', reason: 'no input has an axis' };
  return {
    verdict: 'fixed',
    reason: `input ${quoted(input.name)} has a fixed first dimension, ${input.dimensions?.[0]}`,
  };
}

class Prover {
  private readonly interpreter: Interpreter;

  constructor(
    private readonly model: ModelMessage,
    private readonly graph: GraphMessage,
    private readonly inputs: readonly ValueInfo[],
    private readonly budget = new Budget(MAX_STEPS),
    isFreed = false,
  ) {
    // Files with freed dimensions are written without declared sizes (write-shapes.ts).
    this.interpreter = new Interpreter(model, budget, !isFreed);
  }

  /** Attempts a proof with the rows on these axes of the inputs. */
  attempt(axes: InputAxes): Outcome {
    const clashing = clash(this.inputs, axes);
    if (clashing)
      return this.refusal(clashing.name, coupled('also has the number of rows as the size of another axis'));
    const values = new Map(
      this.inputs.map((input, at) => [input.name, inputValue(input, axes[at] ?? null, this.inputs.length > 1)]),
    );
    const sizes = new ExactSizes();
    let found: number[] | undefined;
    for (const result of cases((assumed) => this.interpreter.outputs(this.graph, values, assumed, sizes))) {
      if (result instanceof Stopped) return blamed(result.node, result.obstacle);
      if (result instanceof Obstacle) return this.refusal(this.firstOutput, result);
      const outputAxes = this.outputAxes(result);
      if ('verdict' in outputAxes) return outputAxes;
      if (found && found.join() !== outputAxes.join()) {
        const reason = 'the axis of the rows in the outputs depends on a condition';
        return this.refusal(this.firstOutput, notUnderstood(reason));
      }
      found = outputAxes;
    }
    if (!found) return this.refusal(this.firstOutput, notUnderstood('the graph cannot run'));
    return { verdict: 'independent', inputAxes: [...axes], outputAxes: found, maxSize: sizes.maxSize };
  }

  /** Attempts a proof with first dimensions of 1 declared free. */
  ifFreed(): Pick<RowProof, 'ifFreed' | 'refusedIfFreed'> {
    let refusedIfFreed: Refusal | undefined;
    for (const { inputs, axes } of freedAssignments(this.inputs)) {
      const freed = new Prover(this.model, this.graph, inputs, this.budget, true);
      const outcome = freed.attempt(axes);
      if (outcome.verdict === 'independent') {
        return { ifFreed: { inputAxes: outcome.inputAxes, outputAxes: outcome.outputAxes } };
      }
      refusedIfFreed ??= outcome;
    }
    return refusedIfFreed ? { refusedIfFreed } : {};
  }

  private get firstOutput(): string {
    return this.graph.output[0]?.name ?? '';
  }

  private outputAxes(outputs: readonly Value[]): number[] | Refusal {
    const axes: number[] = [];
    for (const [at, value] of outputs.entries()) {
      const axis = rowAxis(value);
      if (axis instanceof Obstacle) return this.refusal(this.graph.output[at]?.name ?? '', axis);
      axes.push(axis);
    }
    return axes;
  }

  /** Reports an obstacle at the node, input or initializer that provides the named value. */
  private refusal(name: string, obstacle: Obstacle): Refusal {
    const node = this.graph.node.find(({ output }) => output.includes(name));
    if (node) return blamed(node, obstacle);
    const operator = this.inputs.some((input) => input.name === name) ? 'input' : 'initializer';
    return { verdict: obstacle.verdict, node: shortened(name), operator, reason: obstacle.reason };
  }
}

/** The axis on which an output has exactly one row for each input row. */
function rowAxis(value: Value): number | Obstacle {
  if (value.kind === 'unusable') return value.obstacle;
  if (value.kind === 'sequence') return notUnderstood('returns a sequence');
  return tensorRowAxis(value);
}

function tensorRowAxis(t: Tensor): number | Obstacle {
  const { rows } = t;
  if (isTainted(t)) return coupled('returns the number of rows');
  if (t.rowNumbers) return coupled('returns the position of each row in the batch');
  if (!rows) return coupled('produces an output without a row for each input row');
  if (!rows.outer.is(1) || !rows.inner.is(1))
    return coupled('produces an output with a different number of rows than the input');
  return rows.axis;
}
