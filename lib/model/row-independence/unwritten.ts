import type { Call, Transfer } from './call';
import { Obstacle } from './obstacle';
import type { Value } from './tensor';

/** Of a result that the kernel leaves unwritten: it contains memory of other runs, even if no operand has rows. */
export function unwritten(): Obstacle {
  return new Obstacle(
    'not understood',
    'may get an empty tensor, for which the runtime does not write its result',
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

/** Whether a tensor, or one of its axes, certainly has elements. */
export function isFilled(value: Value | undefined, axis?: number): boolean {
  const dims = value?.kind === 'tensor' ? value.dims : undefined;
  if (!dims) return false;
  return axis === undefined ? dims.every(({ min }) => min >= 1) : (dims.at(axis)?.min ?? 0) >= 1;
}

/** For weights, which have elements. */
export function writtenWith(weights: number, transfer: Transfer): Transfer {
  return writtenIf(({ inputs }) => isFilled(inputs[weights]), transfer);
}

/** For products of matrices: [..., k] by [..., k, n]. */
export function writtenProduct(a: number, b: number, transfer: Transfer): Transfer {
  return writtenIf(({ inputs }) => isFilled(inputs[a], -1) || isFilled(inputs[b], -2), transfer);
}
