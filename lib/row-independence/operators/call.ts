import type { GraphMessage, NodeMessage } from '../../onnx/decoded-model';
import type { ExactSizes } from '../values/exact-sizes';
import { coupled, notUnderstood } from '../values/obstacle';
import { Size } from '../values/size';
import { isTainted, type Tensor, type Value } from '../values/tensor';
import type { Attributes } from './attributes';

/** Gives an operator's rule access to the graph around its node. */
export interface Surroundings {
  /** Evaluates a graph inside the node, which can also read names from outside the node. */
  evaluate(graph: GraphMessage, inputs: readonly Value[], label: string): readonly Value[];
  /** Value that this pass assumes for an unknown condition. */
  assumed(condition: string): boolean | undefined;
  /** Records up to which sizes of axes the shape arithmetic is valid. */
  readonly sizes: ExactSizes;
  /** Deducts work from the budget of the proof. */
  spend(steps: number): void;
  /** Whether the node runs at most once, so that an unknown condition in it has a single value. */
  readonly once: boolean;
}

/** A node as seen by the rule of its operator. */
export class Call {
  constructor(
    readonly node: NodeMessage,
    /** Opset version of the operator's domain. */
    readonly opset: number,
    readonly attributes: Attributes,
    /** Undefined for omitted optional inputs. */
    readonly inputs: readonly (Value | undefined)[],
    /** Path of the node: unique within the model, and the same in each pass. */
    readonly path: string,
    readonly surroundings: Surroundings,
  ) {}

  has(position: number): boolean {
    return this.inputs[position] !== undefined;
  }

  /** Whether an output is used. */
  wants(position: number): boolean {
    return Boolean(this.node.output[position]);
  }

  /** Returns an input as any tensor, including shape arithmetic; for rules that track the number of rows. */
  tensor(position: number): Tensor {
    const value = this.inputs[position];
    if (!value) throw notUnderstood(`its input ${position} is missing`);
    return asTensor(value);
  }

  /** Returns an input as data; throws if it contains the number of rows or row numbers, which must not become data. */
  data(position: number): Tensor {
    return asData(this.tensor(position));
  }

  optionalData(position: number): Tensor | undefined {
    return this.has(position) ? this.data(position) : undefined;
  }

  /** Returns an input as data that must be the same for all rows; undefined if the input is omitted. */
  shared(position: number, what: string): Tensor | undefined {
    const tensor = this.optionalData(position);
    if (tensor?.rows) throw coupled(`takes ${what} from the rows`);
    return tensor;
  }

  /** All inputs as data. */
  allData(): Tensor[] {
    return this.inputs.flatMap((value) => (value ? [asData(asTensor(value))] : []));
  }

  /** Elements of an input that must be a small tensor without rows; unknown elements are atoms. */
  numbers(position: number, what: string): readonly Size[] {
    const tensor = this.tensor(position);
    if (tensor.rows) throw coupled(`takes ${what} from the rows`);
    if (!tensor.values) throw notUnderstood(`cannot determine ${what}`);
    return tensor.values;
  }

  /** Known integers of an input. */
  constants(position: number, what: string): number[] | undefined {
    if (!this.has(position)) return undefined;
    return this.numbers(position, what).map((value) => {
      if (value.constant === undefined) throw notUnderstood(`cannot determine ${what}`);
      return value.constant;
    });
  }

  /** Axes from the attribute in old opsets, or from an input in new ones. An empty list counts as omitted. */
  axes(position?: number): readonly number[] | undefined {
    const given = this.attributes.ints('axes') ?? (position && this.constants(position, 'on which axes it works'));
    return given && given.length > 0 ? given : undefined;
  }

  /** Creates an unknown size that does not depend on rows. */
  fresh(label: string | number): Size {
    return Size.atom(`${this.path}:${label}`, { min: 0 });
  }
}

export type Transfer = (call: Call) => Value | readonly Value[];
export type Operators = Readonly<Record<string, Transfer>>;

export function asTensor(value: Value): Tensor {
  if (value.kind === 'unusable') throw value.obstacle;
  if (value.kind === 'sequence') throw notUnderstood('its input is a sequence');
  return value;
}

export function asData(tensor: Tensor): Tensor {
  if (isTainted(tensor)) throw coupled('computes with the number of rows');
  if (tensor.rowNumbers) throw coupled('computes with the position of each row in the batch');
  return tensor;
}

/** The tensor as data, without its elements. */
export function withoutValues(t: Tensor): Tensor {
  const { dims, rows, elem } = asData(t);
  return { kind: 'tensor', elem, ...(dims && { dims }), ...(rows && { rows }) };
}

/** Dimensions of a tensor whose rank must be known. */
export function dimsOf({ dims }: Tensor): readonly Size[] {
  if (!dims) throw notUnderstood('the rank of its input is unknown');
  return dims;
}

/** Converts a negative axis to one counted from the front. */
export function axisOf(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(positive) || positive < 0 || positive >= rank)
    throw notUnderstood(`its axis ${axis} is out of range for ${rank} axes`);
  return positive;
}

/** Throws if the operator works along the axis of the rows. */
export function refuseAlong({ rows }: Tensor, axis: number, what: string): void {
  if (rows?.axis === axis) throw coupled(what);
}
