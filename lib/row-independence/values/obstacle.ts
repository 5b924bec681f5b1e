import type { NodeMessage } from '../../onnx/decoded-model';

/** Why a proof stops at a node: rows influence each other there, or it is unknown whether they do. */
export class Obstacle {
  constructor(
    readonly verdict: 'coupled' | 'not understood',
    /** A clause for messages, such as "reduces over the rows". */
    readonly reason: string,
    /** Whether this obstacle stops the proof even if no operand has rows. */
    readonly always = false,
  ) {}
}

/** Thrown at a node where the proof stops. */
export class Stopped {
  constructor(
    readonly node: NodeMessage | undefined,
    readonly obstacle: Obstacle,
  ) {}
}

/** Thrown if the model fails for every input in the assumed case, so that the case cannot occur. */
export class CannotRun {
  constructor(readonly reason: string) {}
}

/** Thrown if a condition is unknown and its two cases must be analyzed separately. */
export class NeedsDecision {
  /** Node with the condition; set by the interpreter. */
  node?: NodeMessage;

  constructor(readonly condition: string) {}
}

export function coupled(reason: string): Obstacle {
  return new Obstacle('coupled', reason);
}

export function notUnderstood(reason: string): Obstacle {
  return new Obstacle('not understood', reason);
}

/**
 * Whether the prover threw this error deliberately. Any other error is caused by a malformed node that no rule expects,
 * such as a node whose input has too few axes.
 */
export function isOwn(problem: unknown): problem is Obstacle | Stopped | CannotRun | NeedsDecision {
  return [Obstacle, Stopped, CannotRun, NeedsDecision].some((kind) => problem instanceof kind);
}
