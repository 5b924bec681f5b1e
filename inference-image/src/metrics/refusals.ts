/**
 * Why a request or a connection was refused at once: the memory for requests or the queue was full, a body was too
 * large, there were too many connections, or a page of another origin sent the request.
 */
export const REFUSAL_REASONS = ['budget', 'queue', 'too_large', 'connections', 'origin'] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/**
 * Why the server gave up a client: it did not send the rest of its request, or read its answer, in time
 * or before others needed its place; it sent too many requests ahead of their answers; or its connection asked nothing
 * while another client had none.
 */
export const DROP_REASONS = ['unfinished', 'unread', 'pipelined', 'idle'] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** How often each reason was given. */
export type Tally<Reason extends string> = Record<Reason, number>;

export function newTally<Reason extends string>(reasons: readonly Reason[]): Tally<Reason> {
  return Object.fromEntries(reasons.map((reason) => [reason, 0])) as Tally<Reason>;
}
