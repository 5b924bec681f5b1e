import { MAX_SHARED_SIZE } from '../../../inference-image/src/contract/batching-verdict';
import type { Size } from './size';
import { FLOAT, INT32, INT64, STRING } from './tensor';

export const DOUBLE = 11;

interface NumberType {
  /** Numbers below this limit are exact in the type, and do not overflow. */
  readonly limit: number;
  /** A number counts as exact only if it is exact whenever no axis is larger than this size. */
  readonly leastSize: number;
}

const TYPES: Readonly<Record<number, NumberType>> = {
  [INT64]: { limit: 2 ** 63, leastSize: 2 ** 16 },
  [INT32]: { limit: 2 ** 31, leastSize: 2 ** 10 },
  [FLOAT]: { limit: 2 ** 24, leastSize: 2 ** 12 },
  [DOUBLE]: { limit: 2 ** 53, leastSize: 2 ** 16 },
};

export function isInteger(elem: number): boolean {
  return elem === INT64 || elem === INT32;
}

/** Whether shape arithmetic is tracked in a type. */
export function isFollowed(elem: number): boolean {
  return TYPES[elem] !== undefined;
}

/**
 * Records the maximum size of axes for which a proof holds. With larger axes, numbers in the shape arithmetic may be
 * rounded or overflow.
 */
export class ExactSizes {
  private greatest = Infinity;

  /** Maximum size of axes; undefined if the proof holds for all sizes that are allowed in a shared run. */
  get maxSize(): number | undefined {
    return this.greatest < MAX_SHARED_SIZE ? this.greatest : undefined;
  }

  /** Whether a number is represented exactly in a type. Records the maximum size of axes for which this is true. */
  isExact(value: Size, elem: number): boolean {
    const type = TYPES[elem];
    const { constant } = value;
    if (!type) return constant !== undefined && elem !== STRING;
    if (constant !== undefined) {
      return isInteger(elem)
        ? Math.abs(constant) < Math.min(type.limit, Number.MAX_SAFE_INTEGER)
        : Number.isFinite(constant);
    }
    return value.integer && this.holdsUpTo(value.greatestBase(type.limit), type.leastSize);
  }

  /** Whether a size is below a limit. Records the maximum size of axes for which this is true. */
  isBelow(size: Size, limit: number): boolean {
    // No size reaches such a limit, which exporters use for "to the end".
    if (limit >= Number.MAX_SAFE_INTEGER) return true;
    return size.constant === undefined ? this.holdsUpTo(size.greatestBase(limit), 2 ** 8) : size.constant < limit;
  }

  private holdsUpTo(greatest: number, least: number): boolean {
    if (greatest < least) return false;
    this.greatest = Math.min(this.greatest, greatest);
    return true;
  }
}
