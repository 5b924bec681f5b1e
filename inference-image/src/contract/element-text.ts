import type { Datatype } from './signature';

/**
 * Maximum length of an element in JSON with its comma, in bytes. FP16 and FP32 are omitted, because their length
 * depends on the program that writes them.
 */
export const LONGEST_ELEMENT_BYTES: Readonly<Record<Exclude<Datatype, 'BYTES' | 'FP16' | 'FP32'>, number>> = {
  BOOL: 6,
  UINT8: 4,
  INT8: 5,
  UINT16: 6,
  INT16: 7,
  UINT32: 11,
  INT32: 12,
  UINT64: 21,
  INT64: 21,
  FP64: 25,
};
