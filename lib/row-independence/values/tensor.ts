import type { Obstacle } from './obstacle';
import { N, ONE, Size } from './size';

/**
 * Layout of the rows in a tensor. Axis `axis` has `outer * N * inner` elements, and the element at index `(k * N + row)
 * * inner + j` belongs to row `row`.
 */
export interface Rows {
  readonly axis: number;
  /** Size of the axes that were folded in front of the rows, such as the steps of a sequence. */
  readonly outer: Size;
  /** Size of the axes that were folded behind the rows, such as heads. */
  readonly inner: Size;
  /** Whether all elements along the axis are equal, so that any `outer` and `inner` with the same product are valid. */
  readonly uniform?: boolean;
}

/**
 * Row numbers in a tensor. Either all elements are `row * stride + rest` with 0 <= rest < `below`, or the elements at
 * the listed indices of the last axis are row numbers.
 */
export type RowNumbers = FlatNumbers | readonly number[];

export interface FlatNumbers {
  readonly stride: Size;
  readonly below: Size;
}

export function areColumns(numbers: RowNumbers | undefined): numbers is readonly number[] {
  return Array.isArray(numbers);
}

/** Facts about a tensor that hold for any number of rows. */
export interface Tensor {
  readonly kind: 'tensor';
  /**
   * Sizes of the axes; undefined if not even the rank is known. A tensor of unknown rank has no rows. Only the size of
   * the axis of the rows depends on the number of rows.
   */
  readonly dims?: readonly Size[];
  /**
   * Layout of the rows; undefined if the tensor is the same for all rows of a run. `values` may depend on N even then.
   */
  readonly rows?: Rows;
  /** All elements in order, for small constants and shape arithmetic without rows. */
  readonly values?: readonly Size[];
  /** TensorProto.DataType; 0 if unknown. Always set if there are values. */
  readonly elem: number;
  /** Elements that contain the number of their row. */
  readonly rowNumbers?: RowNumbers;
  /** Whether it certainly has elements, even if that does not follow from its sizes. */
  readonly filled?: boolean;
  /** Whether the elements are in the file, so that the runtime knows them before it runs. */
  readonly literal?: boolean;
  /** All elements are integers from 0 to less than this size. */
  readonly below?: Size;
}

export interface Sequence {
  readonly kind: 'sequence';
  readonly items: readonly Tensor[];
}

/**
 * A result whose elements are unusable, although its sizes may be known. The proof stops if a node reads the elements.
 */
export interface Unusable {
  readonly kind: 'unusable';
  readonly obstacle: Obstacle;
  readonly dims?: readonly Size[];
}

export type Value = Tensor | Sequence | Unusable;

/** Maximum number of elements of a tensor whose values are tracked. */
export const MAX_VALUES = 128;

export const FLOAT = 1;
export const INT32 = 6;
export const INT64 = 7;
export const STRING = 8;
export const BOOL = 9;

/** Creates a tensor that does not depend on rows. */
export function invariant(dims: readonly Size[] | undefined, elem = 0): Tensor {
  return { kind: 'tensor', ...(dims && { dims }), elem };
}

export function withRows(dims: readonly Size[], rows: Rows, elem = 0): Tensor {
  return { kind: 'tensor', dims, rows, elem };
}

/** Layout with one row at each index of an axis. */
export function rowsOn(axis: number): Rows {
  return { axis, outer: ONE, inner: ONE };
}

export function valuesOf(dims: readonly number[], values: readonly Size[], elem: number): Tensor {
  return { kind: 'tensor', dims: dims.map((dim) => Size.of(dim)), values, elem };
}

/** Creates a one-dimensional tensor of shape arithmetic. */
export function vector(values: readonly Size[], elem = INT64): Tensor {
  return values.length <= MAX_VALUES
    ? valuesOf([values.length], values, elem)
    : invariant([Size.of(values.length)], elem);
}

export function isTainted({ values }: Tensor): boolean {
  return values?.some(({ tainted }) => tainted) ?? false;
}

/** Sizes of all axes, if all are known numbers. */
export function constantDims({ dims }: Tensor): number[] | undefined {
  const sizes = dims?.map(({ constant }) => constant);
  return sizes?.every((size): size is number => size !== undefined) ? sizes : undefined;
}

/** Size of the axis that the rows are on. */
export function rowAxisSize({ outer, inner }: Pick<Rows, 'outer' | 'inner'>): Size {
  return outer.times(N).times(inner);
}

/** Iterates over the indices of a tensor of these sizes, in order. */
export function* indices(dims: readonly number[]): Generator<number[]> {
  const count = dims.reduce((product, dim) => product * dim, 1);
  for (let flat = 0; flat < count; flat++) {
    const index = new Array<number>(dims.length);
    for (let axis = dims.length - 1, rest = flat; axis >= 0; axis--) {
      const dim = dims[axis] as number;
      index[axis] = rest % dim;
      rest = Math.floor(rest / dim);
    }
    yield index;
  }
}

/** Flat index of an element; `at` returns its index on an axis. */
export function flatIndex(dims: readonly number[], at: (axis: number) => number): number {
  return dims.reduce((flat, dim, axis) => flat * dim + at(axis), 0);
}

/**
 * Rearranges the values of a small tensor. `from` maps a new index to the flat index of the value in the old tensor.
 */
export function rearranged(t: Tensor, dims: readonly number[], from: (index: number[]) => number): Tensor | undefined {
  const { values } = t;
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (!values || count > MAX_VALUES) return undefined;
  const moved = [...indices(dims)].map((index) => values[from(index)]);
  return moved.every((value) => value !== undefined) ? valuesOf(dims, moved, t.elem) : undefined;
}
