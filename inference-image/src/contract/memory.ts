/**
 * How memory, the budget of requests and the largest request follow from each other: the plan gives a container memory
 * by these formulas, and the server, which sees its limit, derives the same budget from it.
 */
const MIB = 1024 * 1024;

/** What the server and the runtime take before any model: 136 MiB resident with a model of 0.25 MB (docs/docker.md). */
export const RUNTIME_MEMORY_BYTES = 160 * MIB;

/** What was let go of and is not collected yet; V8 lets some 64 MiB outside its heap pile up before it collects. */
export const GARBAGE_BYTES = 64 * MIB;

/** Memory taken for each byte of the budget: allocators keep some of what they are given back. */
export const BYTES_PER_BUDGET_BYTE = 1.25;

export const MIN_BUDGET_BYTES = 32 * MIB;

/** What a request holds at most for each byte of its body: the body, its decoded tensors, and its answer. */
export const HELD_BYTES_PER_REQUEST_BYTE = 4;

/** The budget that a largest request needs. */
export function budgetFor(maxRequestBytes: number): number {
  return Math.max(MIN_BUDGET_BYTES, HELD_BYTES_PER_REQUEST_BYTE * maxRequestBytes);
}

/** Memory that a container needs for a budget, besides the runtime, the weights and the runs. */
export function memoryForBudget(budgetBytes: number): number {
  return GARBAGE_BYTES + Math.ceil(BYTES_PER_BUDGET_BYTE * budgetBytes);
}

/** The budget that a container has. @param ownBytes What the runtime, the weights and the runs take of its memory. */
export function budgetWithin(memoryBytes: number, ownBytes: number): number {
  return Math.max(0, Math.floor((memoryBytes - ownBytes - GARBAGE_BYTES) / BYTES_PER_BUDGET_BYTE));
}
