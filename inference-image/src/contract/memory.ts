/**
 * Formulas that relate memory, the budget for requests and the largest request. The plan uses them to size containers,
 * and the server to derive the same budget from its memory limit.
 */
import type { PictureInput } from './picture-input';
import { SETTING_DEFAULTS } from './constants';

const MIB = 1024 * 1024;

/** Memory of the server and the runtime without a model. Measured with a model of 0.25 MB: 136 MiB resident. */
export const RUNTIME_MEMORY_BYTES = 160 * MIB;

/** Memory to decode a PNG file, per pixel. Measured with 16 million pixels: 21 bytes. */
export const DECODED_BYTES_PER_PIXEL = 24;

/**
 * Unused memory that V8 has not freed: it starts a collection after about 64 MiB have been allocated outside its heap.
 */
const GARBAGE_BYTES = 64 * MIB;

/** Bytes of memory needed per byte of the budget; more than 1, because allocators retain some of the freed memory. */
const BYTES_PER_BUDGET_BYTE = 1.25;

export const MIN_BUDGET_BYTES = 32 * MIB;

/** Bytes of the budget that a request needs. */
export interface RequestCost {
  /** Maximum bytes held for each byte of the body: the body, its decoded tensors and its answer. */
  readonly heldPerByte: number;
  /** Bytes held for the answer to one row. */
  readonly answerBytes: number;
}

/**
 * Largest share of the memory that the budget takes, unless requests need more. V8's heap, which contains strings, may
 * grow to half of the memory.
 */
const MEMORY_SHARE = 1 / 4;
const MAX_HEAP_BUDGET_BYTES = 1024 * MIB;

/** Memory of a container without any request: the runtime, the weights of each executor, and the largest picture. */
export function ownMemoryBytes(
  weightBytes: number,
  executors: number,
  picture: Pick<PictureInput, 'maxPixels'> | undefined,
): number {
  return RUNTIME_MEMORY_BYTES + executors * weightBytes + pictureBytes(picture);
}

/** Memory to decode the largest picture; 0 if the model does not accept pictures. */
export function pictureBytes(picture: Pick<PictureInput, 'maxPixels'> | undefined): number {
  return picture ? picture.maxPixels * DECODED_BYTES_PER_PIXEL : 0;
}

/**
 * Smallest budget that can hold a request of `maxRequestBytes`, and that can also hold its body together with the
 * answer to one row.
 */
export function leastBudgetFor(maxRequestBytes: number, { heldPerByte, answerBytes }: RequestCost): number {
  return Math.max(heldPerByte * maxRequestBytes, answerBytes && maxRequestBytes + answerBytes);
}

/**
 * Largest request that the budget can hold together with the answer to one row; 0 or less if the budget can hold no
 * request.
 */
export function largestRequestWithin(budgetBytes: number, { heldPerByte, answerBytes }: RequestCost): number {
  return Math.floor(Math.min(budgetBytes / heldPerByte, budgetBytes - answerBytes));
}

/** Budget that requests need. The default of `maxQueueBytes` does not raise the budget; a larger value does. */
export function budgetFor(maxRequestBytes: number, maxQueueBytes: number | undefined, cost: RequestCost): number {
  const waiting = maxQueueBytes && maxQueueBytes > SETTING_DEFAULTS.maxQueueBytes ? maxQueueBytes : 0;
  return Math.max(MIN_BUDGET_BYTES, leastBudgetFor(maxRequestBytes, cost), waiting);
}

/** Memory that a container needs for a budget, in addition to its memory without requests. */
export function memoryForBudget(budgetBytes: number): number {
  return GARBAGE_BYTES + Math.ceil(BYTES_PER_BUDGET_BYTE * budgetBytes);
}

/** Budget that the memory can hold; negative if the memory is too small. */
export function budgetWithin(memoryBytes: number, ownBytes: number): number {
  return Math.floor((memoryBytes - ownBytes - GARBAGE_BYTES) / BYTES_PER_BUDGET_BYTE);
}

/**
 * Budget of a container if `requestBudgetBytes` is not set.
 *
 * @param ownBytes Memory without any request
 * @param neededBytes Budget that the requests need
 */
export function defaultBudget(memoryBytes: number, ownBytes: number, neededBytes: number): number {
  const share = Math.min(MEMORY_SHARE * memoryBytes, MAX_HEAP_BUDGET_BYTES);
  const most = Math.max(Math.floor(share), neededBytes);
  return Math.max(MIN_BUDGET_BYTES, Math.min(budgetWithin(memoryBytes, ownBytes), most));
}
