import type { NodeMessage } from '../decoded-model';

/** Why a proof stops at a node: rows influence each other there, or it is unknown whether they do. */
export class Obstacle {
  constructor(
    readonly verdict: 'coupled' | 'not understood',
    /** A clause for people, such as "reduces over the rows". */
    readonly reason: string,
    /** Whether it also stops the proof where no operand has rows. */
    readonly always = false,
  ) {}
}

/** The model fails in this case for any input, so the case does not occur. */
export class CannotRun {
  constructor(readonly reason: string) {}
}

/** A condition is unknown, and its cases must be analyzed separately. */
export class NeedsDecision {
  /** Node of the condition; set by the caller that follows the nodes. */
  node?: NodeMessage;

  constructor(readonly condition: string) {}
}

export function coupled(reason: string): Obstacle {
  return new Obstacle('coupled', reason);
}

export function notUnderstood(reason: string): Obstacle {
  return new Obstacle('not understood', reason);
}
