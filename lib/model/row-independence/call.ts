import type { GraphMessage, NodeMessage } from '../decoded-model';
import type { Attributes } from './attributes';
import type { ExactSizes } from './exact-sizes';
import { coupled, notUnderstood } from './obstacle';
import { Size } from './size';
import { isTainted, type Tensor, type Value } from './tensor';

/** What a rule needs of the graph around its node. */
export interface Surroundings {
  /** Results of a graph inside the node, which sees the names around the node. */
  evaluate(graph: GraphMessage, inputs: readonly Value[], label: string): readonly Value[];
  /** What this pass assumes of a condition that is not known. */
  assumed(condition: string): boolean | undefined;
  /** Notes for which sizes of axes the shape arithmetic holds. */
  readonly sizes: ExactSizes;
  /** Counts work against the budget of the proof. */
  spend(steps: number): void;
  /** Whether the node runs at most once, so that a condition in it is one thing or the other. */
  readonly once: boolean;
}

/** One node as the rule of its operator sees it. */
export class Call {
  constructor(
    readonly node: NodeMessage,
    /** Opset version of the operator's domain. */
    readonly opset: number,
    readonly attributes: Attributes,
    /** Undefined where an optional input is left out. */
    readonly inputs: readonly (Value | undefined)[],
    /** Unique within the model, and the same each time the node is met. */
    readonly path: string,
    readonly surroundings: Surroundings,
  ) {}

  has(position: number): boolean {
    return this.inputs[position] !== undefined;
  }

  /** Whether somebody may read the output. */
  wants(position: number): boolean {
    return Boolean(this.node.output[position]);
  }

  /** Any tensor, shape arithmetic included: for rules that follow numbers of rows. */
  tensor(position: number): Tensor {
    const value = this.inputs[position];
    if (!value) throw notUnderstood(`its input ${position} is missing`);
    return asTensor(value);
  }

  /** A tensor as data: numbers of rows must not become data. */
  data(position: number): Tensor {
    return asData(this.tensor(position));
  }

  optionalData(position: number): Tensor | undefined {
    return this.has(position) ? this.data(position) : undefined;
  }

  /** Data that is the same for all rows. */
  shared(position: number, what: string): Tensor | undefined {
    const tensor = this.optionalData(position);
    if (tensor?.rows) throw coupled(`takes ${what} from the rows`);
    return tensor;
  }

  /** All inputs as data. */
  allData(): Tensor[] {
    return this.inputs.flatMap((value) => (value ? [asData(asTensor(value))] : []));
  }

  /** Elements of a small tensor without rows; those that are not known are numbers of their own. */
  numbers(position: number, what: string): readonly Size[] {
    const tensor = this.tensor(position);
    if (tensor.rows) throw coupled(`takes ${what} from the rows`);
    if (!tensor.values) throw notUnderstood(`${what} is not known`);
    return tensor.values;
  }

  /** Known integers of an input. */
  constants(position: number, what: string): number[] | undefined {
    if (!this.has(position)) return undefined;
    return this.numbers(position, what).map((value) => {
      if (value.constant === undefined) throw notUnderstood(`${what} is not known`);
      return value.constant;
    });
  }

  /** Axes are an attribute in old versions of an operator, and an input in new ones; an empty list stands for none. */
  axes(position?: number): readonly number[] | undefined {
    const given = this.attributes.ints('axes') ?? (position && this.constants(position, 'on which axes it works'));
    return given && given.length > 0 ? given : undefined;
  }

  /** A size of which nothing is known but that it does not depend on rows. */
  fresh(label: string | number): Size {
    return Size.atom(`${this.path}:${label}`, { min: 0 });
  }
}

export type Transfer = (call: Call) => Value | readonly Value[];
export type Operators = Readonly<Record<string, Transfer>>;

export function asTensor(value: Value): Tensor {
  if (value.kind === 'unusable') throw value.obstacle;
  if (value.kind === 'sequence') throw notUnderstood('a sequence goes into it');
  return value;
}

export function asData(tensor: Tensor): Tensor {
  if (isTainted(tensor)) throw coupled('computes with the number of rows');
  if (tensor.rowNumbers) throw coupled('computes with the position of each row in the batch');
  return tensor;
}

/** Dimensions of a tensor whose rank must be known. */
export function dimsOf({ dims }: Tensor): readonly Size[] {
  if (!dims) throw notUnderstood('the rank of its input is not known');
  return dims;
}

/** Axis counted from the front. */
export function axisOf(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(positive) || positive < 0 || positive >= rank)
    throw notUnderstood(`its axis ${axis} is not one of ${rank}`);
  return positive;
}

/** Refuses what works along the axis that counts rows. */
export function refuseAlong({ rows }: Tensor, axis: number, what: string): void {
  if (rows?.axis === axis) throw coupled(what);
}
