import type { Datatype } from '../contract/signature';

/** Datatypes with a JSON form; the protocol has none for FP16. */
export type JsonDatatype = Exclude<Datatype, 'FP16'>;

interface ElementType {
  /** Converts a JSON value to an element of a typed array; undefined if the value is invalid for this datatype. */
  readonly convert: (value: unknown) => number | bigint | string | undefined;
  /** Description of the values that `convert` accepts. */
  readonly allowed: string;
}

/**
 * Conversion of JSON values to elements. JSON has no NaN and no infinities, so they are written as in protobuf's JSON
 * mapping: https://protobuf.dev/programming-guides/json/
 */
export const ELEMENT_TYPES: Record<JsonDatatype, ElementType> = {
  BOOL: { convert: toBool, allowed: 'true or false' },
  UINT8: integer(0, 0xff),
  UINT16: integer(0, 0xffff),
  UINT32: integer(0, 0xffff_ffff),
  UINT64: longInteger(0n, 0xffff_ffff_ffff_ffffn),
  INT8: integer(-0x80, 0x7f),
  INT16: integer(-0x8000, 0x7fff),
  INT32: integer(-0x8000_0000, 0x7fff_ffff),
  INT64: longInteger(-0x8000_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn),
  FP32: float(Math.fround, 'a number within the range of a 32-bit float'),
  FP64: float((value) => value, 'a number within the range of a 64-bit float'),
  BYTES: { convert: toText, allowed: 'a string without U+0000 and without lone surrogates' },
};

function toBool(value: unknown): number | undefined {
  if (value === true || value === 1) return 1;
  return value === false || value === 0 ? 0 : undefined;
}

function integer(minimum: number, maximum: number): ElementType {
  return {
    convert: (value) =>
      typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum ? value : undefined,
    allowed: `a whole number from ${minimum} to ${maximum}`,
  };
}

function longInteger(minimum: bigint, maximum: bigint): ElementType {
  return {
    convert: (value) => {
      // A number beyond safe integers, such as 1e300, is not exact.
      const exact = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
      return typeof exact === 'bigint' && exact >= minimum && exact <= maximum ? exact : undefined;
    },
    allowed: `a whole number from ${minimum} to ${maximum}`,
  };
}

function float(round: (value: number) => number, range: string): ElementType {
  return {
    convert: (value) => {
      if (typeof value === 'number' || typeof value === 'bigint') {
        const rounded = round(Number(value));
        return Number.isFinite(rounded) ? rounded : undefined;
      }
      return value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : undefined;
    },
    allowed: `${range}, "NaN", "Infinity" or "-Infinity"`,
  };
}

/**
 * Accepts only strings that onnxruntime-node returns unchanged: it cuts a string at U+0000, and replaces lone
 * surrogates.
 */
function toText(value: unknown): string | undefined {
  return typeof value === 'string' && isRoundTripText(value) ? value : undefined;
}

export function isRoundTripText(text: string): boolean {
  return !text.includes('\0') && !/\p{Surrogate}/u.test(text);
}
