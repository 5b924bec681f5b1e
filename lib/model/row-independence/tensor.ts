import { N, ONE, Size } from './size';
import type { Obstacle } from './obstacle';

/**
 * Where a tensor has the rows of a batch: its axis `axis` has `outer * N * inner` elements, and the one at index
 * `(k * N + row) * inner + j` belongs to that row.
 */
export interface Rows {
  readonly axis: number;
  /** Of axes that were folded in front of the rows, such as the steps of a sequence. */
  readonly outer: Size;
  /** Of axes that were folded behind the rows, such as heads. */
  readonly inner: Size;
  /** All elements along the axis are equal, so that any `outer` and `inner` of the same product are as true. */
  readonly uniform?: boolean;
}

/**
 * All elements are `row * stride + rest` with a rest from 0 to less than `below`; or those at these indices of the last
 * axis are the numbers of their own rows.
 */
export type RowNumbers = { readonly stride: Size; readonly below: Size } | readonly number[];

export function areColumns(numbers: RowNumbers | undefined): numbers is readonly number[] {
  return Array.isArray(numbers);
}

/** What is known of a tensor for every number of rows. */
export interface Tensor {
  readonly kind: 'tensor';
  /** Undefined where not even the rank is known; such a tensor has no rows. Depends on rows on their axis alone. */
  readonly dims?: readonly Size[];
  /** Absent where the tensor is the same for every caller of a run (but for `values` that depend on N). */
  readonly rows?: Rows;
  /** All elements, in order, of few: of constants and of shape arithmetic. Without rows. */
  readonly values?: readonly Size[];
  /** TensorProto.DataType; 0 where not known. Right wherever there are values. */
  readonly elem: number;
  /** Elements that say which row they belong to. */
  readonly rowNumbers?: RowNumbers;
  /** All elements are whole numbers from 0 to less than this. */
  readonly below?: Size;
}

export interface Sequence {
  readonly kind: 'sequence';
  readonly items: readonly Tensor[];
}

/** A result with which nothing can be proved but its sizes; only what reads its elements has to give up. */
export interface Unusable {
  readonly kind: 'unusable';
  readonly obstacle: Obstacle;
  readonly dims?: readonly Size[];
}

export type Value = Tensor | Sequence | Unusable;

/** Values of larger tensors are not kept. */
export const MAX_VALUES = 128;

export const FLOAT = 1;
export const INT32 = 6;
export const INT64 = 7;
export const STRING = 8;
export const BOOL = 9;

/** A tensor that does not depend on rows. */
export function invariant(dims: readonly Size[] | undefined, elem = 0): Tensor {
  return { kind: 'tensor', ...(dims && { dims }), elem };
}

export function withRows(dims: readonly Size[], rows: Rows, elem = 0): Tensor {
  return { kind: 'tensor', dims, rows, elem };
}

/** Rows on an axis that counts nothing else. */
export function rowsOn(axis: number): Rows {
  return { axis, outer: ONE, inner: ONE };
}

export function valuesOf(dims: readonly number[], values: readonly Size[], elem: number): Tensor {
  return { kind: 'tensor', dims: dims.map((dim) => Size.of(dim)), values, elem };
}

/** A rank-1 tensor of shape arithmetic. */
export function vector(values: readonly Size[], elem = INT64): Tensor {
  return values.length <= MAX_VALUES
    ? valuesOf([values.length], values, elem)
    : invariant([Size.of(values.length)], elem);
}

export function isTainted({ values }: Tensor): boolean {
  return values?.some(({ tainted }) => tainted) ?? false;
}

/** Sizes of all axes, where each is a known number. */
export function constantDims({ dims }: Tensor): number[] | undefined {
  const sizes = dims?.map(({ constant }) => constant);
  return sizes?.every((size): size is number => size !== undefined) ? sizes : undefined;
}

/** Number of rows on an axis with `outer` and `inner`. */
export function rowAxisSize({ outer, inner }: Pick<Rows, 'outer' | 'inner'>): Size {
  return outer.times(N).times(inner);
}

/** Each index of a tensor of these sizes, in order. */
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

export function flatIndex(index: readonly number[], dims: readonly number[]): number {
  return index.reduce((flat, at, axis) => flat * (dims[axis] as number) + at, 0);
}

/** Rearranges the values of a small tensor: `from` gives the flat index that a new index takes its value from. */
export function rearranged(t: Tensor, dims: readonly number[], from: (index: number[]) => number): Tensor | undefined {
  const { values } = t;
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (!values || count > MAX_VALUES) return undefined;
  const moved = [...indices(dims)].map((index) => values[from(index)]);
  return moved.every((value) => value !== undefined) ? valuesOf(dims, moved, t.elem) : undefined;
}
