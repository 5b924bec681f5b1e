import type { RandomGraph, Result, Tensor } from '../random-graph';

/** An operator, or some that go together, under which no row influences another. */
export interface RowWise {
  readonly name: string;
  /**
   * Each element of the result depends on its row of the operand, where each element of the operand depends on its
   * row of an input. Not so where values may be cut off, compared or cancelled.
   */
  readonly faithful: boolean;
  /** Undefined where the operator does not take such a tensor. */
  readonly apply: (graph: RandomGraph, t: Tensor) => Result | undefined;
}

export function faithful(name: string, apply: RowWise['apply']): RowWise {
  return { name, faithful: true, apply };
}

export function lossy(name: string, apply: RowWise['apply']): RowWise {
  return { name, faithful: false, apply };
}
