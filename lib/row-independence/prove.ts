import type { BatchingVerdict, RowAxes } from '../../inference-image/src/contract/batching-verdict';
import { dimensionName } from '../../inference-image/src/contract/given-sizes';
import type { GraphMessage, ModelMessage, NodeMessage } from '../onnx/decoded-model';
import { requestInputs, type ValueInfo } from '../onnx/value-info';
import { ExactSizes } from './exact-sizes';
import { assignments, clash, freedAssignments, isFree, type InputAxes } from './input-axes';
import { Budget, Interpreter, nameOfOperator, Stopped, withUnknownElements } from './interpreter';
import { CannotRun, coupled, NeedsDecision, notUnderstood, Obstacle } from './obstacle';
import { N, OF_AN_AXIS, Size } from './size';
import { invariant, isTainted, rowsOn, withRows, type Tensor, type Value } from './tensor';

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

/** Maximum number of unknown conditions to analyze separately; the number of cases is at most 2 to this power. */
export const MAX_CONDITIONS = 4;

/** Maximum length of node names in messages. */
const MAX_NAME = 120;

type Refusal = BatchingVerdict & { verdict: 'coupled' | 'not understood' };
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
    const open: Map<string, boolean>[] = [new Map()];
    let found: number[] | undefined;
    for (let assumed = open.pop(); assumed; assumed = open.pop()) {
      const result = this.pass(values, assumed, sizes);
      if (result === undefined) continue;
      if (result instanceof NeedsDecision) {
        if (assumed.size >= MAX_CONDITIONS)
          return blamed(result.node, notUnderstood('too many conditions are unknown'));
        for (const decision of [true, false]) open.push(new Map([...assumed, [result.condition, decision]]));
      } else if ('verdict' in result) return result;
      else if (found && found.join() !== result.join()) {
        return this.refusal(
          this.graph.output[0]?.name ?? '',
          notUnderstood('the axis of the rows in the outputs depends on a condition'),
        );
      } else found = result;
    }
    if (!found) return this.refusal(this.graph.output[0]?.name ?? '', notUnderstood('the graph cannot run'));
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

  /**
   * Axes of the rows in the outputs, or the reason why the pass stopped; undefined if the assumed case cannot occur.
   */
  private pass(
    values: ReadonlyMap<string, Value>,
    assumed: ReadonlyMap<string, boolean>,
    sizes: ExactSizes,
  ): number[] | Refusal | NeedsDecision | undefined {
    try {
      const outputs = this.interpreter.outputs(this.graph, values, assumed, sizes);
      return this.outputAxes(outputs);
    } catch (problem) {
      if (problem instanceof NeedsDecision) return problem;
      if (problem instanceof Stopped) return blamed(problem.node, problem.obstacle);
      if (problem instanceof CannotRun) return undefined;
      if (problem instanceof Obstacle) return this.refusal(this.graph.output[0]?.name ?? '', problem);
      throw problem;
    }
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

/**
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

export function blamed(node: NodeMessage | undefined, { verdict, reason }: Obstacle): Refusal {
  if (!node) return { verdict, node: 'graph', operator: 'graph', reason };
  const operator = shortened(nameOfOperator(node));
  const name = node.name || node.output.filter(Boolean).join(', ') || operator;
  return { verdict, node: shortened(name), operator: operator || 'unnamed', reason };
}

function shortened(name: string): string {
  return name.length > MAX_NAME ? `${name.slice(0, MAX_NAME - 1)}…` : name || 'unnamed';
}

function quoted(name: string): string {
  return JSON.stringify(shortened(name));
}
