import type { NodeMessage } from '../decoded-model';

/** Why a proof stops at a node: rows meet there, or it cannot be said whether they do. */
export class Obstacle {
  constructor(
    readonly verdict: 'coupled' | 'not understood',
    /** One clause for people, such as "reduces over the rows". */
    readonly reason: string,
  ) {}
}

/** The model, taken this way, fails whatever its inputs are: one of several cases that does not happen. */
export class CannotRun {
  constructor(readonly reason: string) {}
}

/** A condition is not known, and the cases differ too much to go on without telling them apart. */
export class NeedsDecision {
  /** That the condition is of; set by whoever follows the nodes. */
  node?: NodeMessage;

  constructor(readonly condition: string) {}
}

export function coupled(reason: string): Obstacle {
  return new Obstacle('coupled', reason);
}

export function notUnderstood(reason: string): Obstacle {
  return new Obstacle('not understood', reason);
}
