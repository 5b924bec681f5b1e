import { coupled, notUnderstood } from './values/obstacle';
import { OF_A_TRUTH, Size } from './values/size';
import { BOOL, constantDims, INT32, INT64, rowAxisSize, type Rows, type Value } from './values/tensor';

/** Maximum number of axes of a tensor. */
const MAX_RANK = 64;

/** Unknown elements of results become atoms if there are at most this many. */
const MAX_UNKNOWN = 16;

/**
 * Checks an invariant of every rule: only the axis of a tensor's rows has a size that depends on the number of rows.
 * Otherwise, data could depend on the number of rows too.
 */
export function checked(value: Value): Value {
  if (value.kind === 'sequence') value.items.forEach(checked);
  if (value.kind !== 'tensor' || !value.dims) return value;
  if (value.dims.length > MAX_RANK) throw notUnderstood('its result has too many axes to follow');
  for (const [axis, size] of value.dims.entries()) {
    if (Math.abs(size.constant ?? 0) > Number.MAX_SAFE_INTEGER)
      throw notUnderstood('an axis of its result is too long to follow');
    if (axis !== value.rows?.axis && size.tainted)
      throw coupled('makes the size of an axis depend on the number of rows');
  }
  if (value.rows && !value.dims[value.rows.axis]?.equals(rowAxisSize(value.rows))) {
    throw notUnderstood('the axis of the rows in its result is unknown');
  }
  return value;
}

/** Marks a result as not uniform unless every input with rows is uniform. */
export function notUniformWith(inputs: readonly (Value | undefined)[], value: Value): Value {
  const own = inputs.flatMap((input) => (input ? rowsIn(input) : [])).filter(({ uniform }) => !uniform);
  if (own.length === 0 || rowsIn(value).every(({ uniform }) => !uniform)) return value;
  if (value.kind !== 'tensor' || !value.rows)
    throw notUnderstood('it returns a sequence of values that are equal for all rows');
  const { axis, outer, inner } = value.rows;
  if (own.some((rows) => !rows.outer.equals(outer) || !rows.inner.equals(inner)))
    throw coupled('combines rows with different layouts');
  return { ...value, rows: { axis, outer, inner } };
}

function rowsIn(value: Value): readonly Rows[] {
  if (value.kind === 'sequence') return value.items.flatMap(rowsIn);
  return value.kind === 'tensor' && value.rows ? [value.rows] : [];
}

/**
 * Turns the unknown elements of small integer tensors into atoms, so that an element is the same wherever it is read.
 */
export function withUnknownElements(value: Value, path: string): Value {
  if (value.kind !== 'tensor' || value.values || value.rows) return value;
  if (value.elem !== INT64 && value.elem !== INT32 && value.elem !== BOOL) return value;
  const count = constantDims(value)?.reduce((product, dim) => product * dim, 1);
  if (count === undefined || count > MAX_UNKNOWN) return value;
  const [min, growth] = value.elem === BOOL ? [0, OF_A_TRUTH] : [-Infinity, undefined];
  return {
    ...value,
    values: Array.from({ length: count }, (_, at) => Size.atom(`${path}[${at}]`, { min, growth })),
  };
}
