/**
 * Reasons to refuse a request or a connection immediately: the request memory or the queue was full, a body was too
 * large, there were too many connections, or a page of another origin sent the request.
 */
export const REFUSAL_REASONS = ['budget', 'queue', 'too_large', 'connections', 'origin'] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/**
 * Reasons to drop a client. It did not send the rest of its request, or did not read its answer, in time or before
 * others needed the memory; it sent too many requests before it had read the answers; or its connection was idle when a
 * new client needed one.
 */
export const DROP_REASONS = ['unfinished', 'unread', 'pipelined', 'idle'] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Count for each reason. */
export type Tally<Reason extends string> = Record<Reason, number>;

export function newTally<Reason extends string>(reasons: readonly Reason[]): Tally<Reason> {
  return Object.fromEntries(reasons.map((reason) => [reason, 0])) as Tally<Reason>;
}
