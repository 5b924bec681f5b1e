import type { RandomGraph, Result, Tensor } from '../random-graph';

/** Operator or group of operators in which no row influences another. */
export interface RowWise {
  readonly name: string;
  /**
   * Whether the operator preserves the property that each element depends on its row of an input. False for operators
   * that may clip, compare or cancel values.
   */
  readonly faithful: boolean;
  /** Applies the operator; returns undefined if it does not accept the tensor. */
  readonly apply: (graph: RandomGraph, t: Tensor) => Result | undefined;
}

export function faithful(name: string, apply: RowWise['apply']): RowWise {
  return { name, faithful: true, apply };
}

export function lossy(name: string, apply: RowWise['apply']): RowWise {
  return { name, faithful: false, apply };
}
