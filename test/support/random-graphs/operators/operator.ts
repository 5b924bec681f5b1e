import type { RandomGraph, Result, Tensor } from '../random-graph';

/** Operator, or group of operators, under which no row influences another. */
export interface RowWise {
  readonly name: string;
  /**
   * Whether each element of the result depends on its row of the operand, if each element of the operand depends on its
   * row of an input. It does not if values may be cut off, compared or cancelled.
   */
  readonly faithful: boolean;
  /** Undefined if the operator does not accept such a tensor. */
  readonly apply: (graph: RandomGraph, t: Tensor) => Result | undefined;
}

export function faithful(name: string, apply: RowWise['apply']): RowWise {
  return { name, faithful: true, apply };
}

export function lossy(name: string, apply: RowWise['apply']): RowWise {
  return { name, faithful: false, apply };
}
