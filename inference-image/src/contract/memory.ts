/**
 * How memory, the budget of requests and the largest request follow from each other: the plan gives a container memory
 * by these formulas, and the server, which sees its limit, derives the same budget from it.
 */
import type { PictureInput } from './picture-input';
import { SETTING_DEFAULTS } from './settings';

const MIB = 1024 * 1024;

/** What the server and the runtime take before any model: 136 MiB resident with a model of 0.25 MB (docs/docker.md). */
export const RUNTIME_MEMORY_BYTES = 160 * MIB;

/** A PNG file takes so many while it is decoded: 21 were measured, with 16 million pixels (docs/preprocessing.md). */
export const DECODED_BYTES_PER_PIXEL = 24;

/** Released memory that V8 has not collected: it lets some 64 MiB outside its heap pile up before it does. */
const GARBAGE_BYTES = 64 * MIB;

/** Memory taken for each byte of the budget: allocators keep some of what they are given back. */
const BYTES_PER_BUDGET_BYTE = 1.25;

export const MIN_BUDGET_BYTES = 32 * MIB;

/** What a request takes of the budget. */
export interface RequestCost {
  /** At most, for each byte of its body: the body, its decoded tensors, and its answer. */
  readonly heldPerByte: number;
  /** For the answer to one row. */
  readonly answerBytes: number;
}

/**
 * Part of the memory that the budget may be where no request needs more: V8 lets its heap, where texts are, grow to half
 * of the memory.
 */
const MEMORY_SHARE = 1 / 4;
const MAX_HEAP_BUDGET_BYTES = 1024 * MIB;

/** What a container takes without any request: the runtime, the weights of each executor, and the largest picture. */
export function ownMemoryBytes(
  weightBytes: number,
  executors: number,
  picture: Pick<PictureInput, 'maxPixels'> | undefined,
): number {
  return RUNTIME_MEMORY_BYTES + executors * weightBytes + pictureBytes(picture);
}

/** What the largest picture takes while it is decoded; 0 where the model takes none. */
export function pictureBytes(picture: Pick<PictureInput, 'maxPixels'> | undefined): number {
  return picture ? picture.maxPixels * DECODED_BYTES_PER_PIXEL : 0;
}

/** The least budget in which a largest request has room, and the answer to one row beside its request. */
export function leastBudgetFor(maxRequestBytes: number, { heldPerByte, answerBytes }: RequestCost): number {
  return Math.max(heldPerByte * maxRequestBytes, answerBytes && maxRequestBytes + answerBytes);
}

/** The largest request that has room in a budget, beside the answer to one row; not above 0 where there is none. */
export function largestRequestWithin(budgetBytes: number, { heldPerByte, answerBytes }: RequestCost): number {
  return Math.floor(Math.min(budgetBytes / heldPerByte, budgetBytes - answerBytes));
}

/** The budget that requests need. The default of `maxQueueBytes` is a bound and promises nothing; more than it does. */
export function budgetFor(maxRequestBytes: number, maxQueueBytes: number | undefined, cost: RequestCost): number {
  const waiting = maxQueueBytes && maxQueueBytes > SETTING_DEFAULTS.maxQueueBytes ? maxQueueBytes : 0;
  return Math.max(MIN_BUDGET_BYTES, leastBudgetFor(maxRequestBytes, cost), waiting);
}

/** Memory that a container needs for a budget, besides its own. */
export function memoryForBudget(budgetBytes: number): number {
  return GARBAGE_BYTES + Math.ceil(BYTES_PER_BUDGET_BYTE * budgetBytes);
}

/** The budget for which there is memory; negative where there is none. */
export function budgetWithin(memoryBytes: number, ownBytes: number): number {
  return Math.floor((memoryBytes - ownBytes - GARBAGE_BYTES) / BYTES_PER_BUDGET_BYTE);
}

/**
 * The budget of a container where `requestBudgetBytes` is not set.
 * @param ownBytes What it takes without any request.
 * @param neededBytes The budget that its requests need.
 */
export function defaultBudget(memoryBytes: number, ownBytes: number, neededBytes: number): number {
  const share = Math.min(MEMORY_SHARE * memoryBytes, MAX_HEAP_BUDGET_BYTES);
  const most = Math.max(Math.floor(share), neededBytes);
  return Math.max(MIN_BUDGET_BYTES, Math.min(budgetWithin(memoryBytes, ownBytes), most));
}
