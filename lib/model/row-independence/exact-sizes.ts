import { MAX_SHARED_SIZE } from '../../../inference-image/src/contract/batching-verdict';
import type { Size } from './size';
import { FLOAT, INT32, INT64, STRING } from './tensor';

const DOUBLE = 11;

interface NumberType {
  /** Numbers below it are exact in the type, and do not wrap round. */
  readonly limit: number;
  /** A number counts as exact where it is for sizes of axes up to this one. */
  readonly leastSize: number;
}

const TYPES: Readonly<Record<number, NumberType>> = {
  [INT64]: { limit: 2 ** 63, leastSize: 2 ** 16 },
  [INT32]: { limit: 2 ** 31, leastSize: 2 ** 12 },
  [FLOAT]: { limit: 2 ** 24, leastSize: 2 ** 12 },
  [DOUBLE]: { limit: 2 ** 53, leastSize: 2 ** 16 },
};

export function isInteger(elem: number): boolean {
  return elem === INT64 || elem === INT32;
}

/** Whether the shape arithmetic is followed into a type. */
export function isFollowed(elem: number): boolean {
  return TYPES[elem] !== undefined;
}

/** Up to which sizes of axes a proof holds: beyond, numbers of its shape arithmetic are rounded or wrap round. */
export class ExactSizes {
  private greatest = Infinity;

  /** Undefined for all that rows which share a run may have in any case. */
  get maxSize(): number | undefined {
    return this.greatest < MAX_SHARED_SIZE ? this.greatest : undefined;
  }

  /** Whether a number is the same in a type as it is here. What that depends on is noted. */
  isExact(value: Size, elem: number): boolean {
    const type = TYPES[elem];
    const { constant } = value;
    if (!type) return constant !== undefined && elem !== STRING;
    if (constant !== undefined) {
      return isInteger(elem)
        ? Math.abs(constant) < Math.min(type.limit, Number.MAX_SAFE_INTEGER)
        : Number.isFinite(constant);
    }
    const greatest = value.integer ? value.greatestBase(type.limit) : 0;
    if (greatest < type.leastSize) return false;
    this.greatest = Math.min(this.greatest, greatest);
    return true;
  }
}
