import { Obstacle } from '../values/obstacle';
import type { Size } from '../values/size';
import type { Value } from '../values/tensor';
import type { Call, Transfer } from './call';

/** For results that the kernel may not write. They would contain memory of other runs, even if no operand has rows. */
export function unwritten(
  reason = 'may leave a part of its result unwritten, as the runtime does for some empty tensors',
): Obstacle {
  return new Obstacle('not understood', reason, true);
}

/** Rule of an operator whose kernel writes its result only if its operands have elements. */
export function writtenIf(hasElements: (call: Call) => boolean, transfer: Transfer): Transfer {
  return (call) => {
    if (!hasElements(call)) throw unwritten();
    return transfer(call);
  };
}

/** Rule of an operator that might leave a part of its result unwritten in cases that the rule does not understand. */
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

/**
 * Rule of products of matrices, [..., m, k] by [..., k, n]. The result is written if `k` is not 0, or if the result is
 * empty.
 */
export function writtenProduct(a: number, b: number, transfer: Transfer): Transfer {
  return writtenIf(({ inputs }) => {
    const [left, right] = [dimsIn(inputs[a]), dimsIn(inputs[b])];
    const k = right.length > 1 ? right.length - 2 : right.length - 1;
    const kept = [...left.slice(0, -1), ...right.filter((_, axis) => axis !== k)];
    return [left.at(-1), right[k]].some(
      (summed) => summed && (summed.min >= 1 || kept.some((size) => size.equals(summed))),
    );
  }, transfer);
}

function dimsIn(value: Value | undefined): readonly Size[] {
  return (value?.kind === 'tensor' && value.dims) || [];
}
