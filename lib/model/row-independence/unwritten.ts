import type { Call, Transfer } from './call';
import { Obstacle } from './obstacle';
import type { Value } from './tensor';

/** For results that the kernel may not write. They would contain memory of other runs, even if no operand has rows. */
export function unwritten(): Obstacle {
  return new Obstacle(
    'not understood',
    'may leave a part of its result unwritten, as the runtime does for some empty tensors',
    true,
  );
}

/** Rule of an operator whose kernel writes its result only if its operands have elements. */
export function writtenIf(hasElements: (call: Call) => boolean, transfer: Transfer): Transfer {
  return (call) => {
    if (!hasElements(call)) throw unwritten();
    return transfer(call);
  };
}

/** Rule of an operator that may leave a part of its result unwritten wherever the rule does not apply. */
export function writtenIfUnderstood(transfer: Transfer): Transfer {
  return (call) => {
    try {
      return transfer(call);
    } catch (problem) {
      throw problem instanceof Obstacle ? new Obstacle(problem.verdict, problem.reason, true) : problem;
    }
  };
}

/** Whether a tensor, or one of its axes, certainly has elements. */
export function isFilled(value: Value | undefined, axis?: number): boolean {
  const dims = value?.kind === 'tensor' ? value.dims : undefined;
  if (!dims) return false;
  return axis === undefined ? dims.every(({ min }) => min >= 1) : (dims.at(axis)?.min ?? 0) >= 1;
}

/** Rule of an operator whose kernel writes its result only if the weights have elements. */
export function writtenWith(weights: number, transfer: Transfer): Transfer {
  return writtenIf(({ inputs }) => isFilled(inputs[weights]), transfer);
}

/** The same for products of matrices, [..., k] by [..., k, n], which sum over `k`. */
export function writtenProduct(a: number, b: number, transfer: Transfer): Transfer {
  return writtenIf(({ inputs }) => isFilled(inputs[a], -1) || isFilled(inputs[b], -2), transfer);
}
