import * as fc from 'fast-check';
import type { ModelParts } from '../onnx-builder';
import { Choices } from './choices';
import { COUPLINGS, type Coupling } from './couplings';
import { KINDS, type RowWise } from './operators';
import { embedded } from './operators/axes';
import { RandomGraph, type Result, type Rows, type Tensor } from './random-graph';
import { plain, rowsTo, withoutSymbols } from './shapes';
import { ONE, size, type Size } from './size';

/** Recipe for a random graph. The same recipe always produces the same graph. */
export interface Recipe {
  readonly opset: number;
  readonly inputs: number;
  /** Seeds, one per operator. */
  readonly steps: readonly number[];
  /** Index of a coupling, and of the step before which it is planted. */
  readonly coupling?: { readonly kind: number; readonly at: number; readonly seed: number };
}

export interface Made {
  readonly parts: ModelParts;
  /** Names of the operators in the graph, in the order in which they were added. */
  readonly operators: readonly string[];
}

const SEED = fc.nat({ max: 2 ** 31 - 1 });
const OPERATORS = 30;

const base = {
  opset: fc.constantFrom(17, 11, 13, 18, 20),
  inputs: SEED,
  steps: fc.array(SEED, { minLength: OPERATORS, maxLength: OPERATORS }),
};

/** Recipes for graphs in which no row influences another. */
export const independentRecipes: fc.Arbitrary<Recipe> = fc.record(base);

/**
 * Recipes for graphs with one coupling whose influence reaches an output. Failing recipes are shrunk by removing steps.
 */
export const coupledRecipes: fc.Arbitrary<Recipe> = fc.record({
  ...base,
  steps: fc.array(SEED, { minLength: 0, maxLength: OPERATORS - 1, size: 'max' }),
  coupling: fc.record({ kind: fc.nat({ max: COUPLINGS.length - 1 }), at: fc.nat({ max: OPERATORS - 1 }), seed: SEED }),
});

export function make(recipe: Recipe): Made {
  return new Maker(recipe).make();
}

/** Builds a graph by applying operators to tensors of the pool. Unused tensors become outputs. */
class Maker {
  private readonly graph: RandomGraph;
  private readonly operators: string[] = [];
  private readonly unread = new Set<Tensor>();
  /** Result of the coupling and of the operators applied after it. */
  private chain: Tensor | undefined;

  constructor(private readonly recipe: Recipe) {
    this.graph = new RandomGraph(recipe.opset, new Choices(recipe.inputs));
  }

  make(): Made {
    const { graph, recipe } = this;
    this.addInputs();
    recipe.steps.forEach((seed, i) => {
      if (i === Math.min(recipe.coupling?.at ?? -1, recipe.steps.length - 1)) this.plant();
      graph.choices = new Choices(seed);
      if (this.chain && graph.choices.chance(0.4)) this.followChain();
      else this.grow(recipe.coupling !== undefined && !this.chain && graph.choices.chance(0.6));
    });
    if (recipe.coupling && !this.chain) this.plant();
    this.addOutputs();
    return { parts: graph.parts(), operators: this.operators };
  }

  private addInputs(): void {
    const { graph } = this;
    const { choices } = graph;
    const n = size(1, 'N');
    const s = size(1, 's');
    const [k, c] = [size(choices.pick([2, 3, 4, 6])), size(choices.pick([2, 4]))];
    const shapes: Size[][] = [
      [n, k],
      [n, s, k],
      [n, size(4), k],
      [n, c, size(4), size(4)],
      [n, c, size(1, 'h'), size(1, 'w')],
    ];
    const rows: Rows = { axis: 0, outer: ONE, inner: ONE, count: 'N' };
    const shape = choices.pick(shapes);
    this.keep(graph.input('x', 'float', shape, { rows, live: true }));
    if (choices.chance(0.3)) this.keep(graph.input('y', 'float', shape, { rows, live: true }));
    if (choices.chance(0.3)) {
      const ids = graph.input('ids', 'int64', [n, size(1, 't')], { rows, live: true, below: 10 });
      this.keep({ ...embedded(graph, ids), live: true });
    }
    if (choices.chance(0.3))
      graph.pool.push(graph.input('common', 'float', choices.pick([[], [k], [ONE, k]]), { live: false }));
  }

  private keep(t: Tensor): void {
    this.graph.pool.push(t);
    this.unread.add(t);
  }

  /** Applies a random operator to a tensor of the pool, usually the last. */
  private grow(onlyFaithful: boolean): void {
    const { graph } = this;
    const candidates = graph.pool.filter(({ rows, live }) => rows && (live || !onlyFaithful));
    const t = graph.choices.chance(0.7) ? (candidates.at(-1) as Tensor) : graph.choices.pick(candidates);
    this.keep(this.applied(t, onlyFaithful));
    this.unread.delete(t);
  }

  private followChain(): void {
    this.chain = this.applied(this.chain as Tensor, true);
  }

  private applied(t: Tensor, onlyFaithful: boolean): Tensor {
    const { graph } = this;
    const kinds = [graph.choices.pick(KINDS), ...KINDS];
    for (const kind of kinds) {
      for (const operator of graph.choices.shuffled(kind.filter(({ faithful }) => faithful || !onlyFaithful))) {
        const result = operator.apply(graph, t);
        if (result) return this.named(operator, { ...result, live: t.live && operator.faithful });
      }
    }
    throw new Error('no operator accepts the tensor');
  }

  private named({ name }: RowWise | Coupling, t: Tensor): Tensor {
    this.operators.push(name);
    return t;
  }

  private plant(): void {
    const { graph, recipe } = this;
    const { kind, seed } = recipe.coupling!;
    graph.choices = new Choices(seed);
    const from = graph.pool.filter(({ live, rows }) => live && rows).at(-1) as Tensor;
    const coupling = COUPLINGS[kind] as Coupling;
    const t = plain(graph, from);
    const ranked = t.dims.length < 2 ? this.column(t) : t;
    const result: Result = coupling.apply(graph, { ...ranked, rows: ranked.rows as Rows });
    this.chain = this.named(coupling, { ...result, live: true });
  }

  private column(t: Tensor): Tensor {
    return { ...t, name: this.graph.add('Reshape', [t, this.graph.ints([-1, 1])]), dims: [t.dims[0] as Size, ONE] };
  }

  private addOutputs(): void {
    const { graph, recipe } = this;
    graph.choices = new Choices(recipe.inputs + 1);
    // Axes of unknown size are removed, so that none of them can be mistaken for the row axis.
    if (this.chain) this.bringOut(withoutSymbols(graph, this.chain));
    for (const t of this.unread) if (t.rows) this.bringOut(t);
  }

  /** Adds a tensor as an output, with its rows on axis 0. */
  private bringOut(t: Tensor): void {
    const first = rowsTo(this.graph, t, 0);
    this.graph.output({ ...first, name: this.graph.add('Identity', [first]) });
  }
}
