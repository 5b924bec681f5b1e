import { printable } from '../../inference-image/src/contract/printable';

/**
 * One fault: a stable code (docs/errors.md lists them), and a message that names the place, the value and the remedy.
 */
export interface Problem {
  readonly code: string;
  readonly message: string;
}

/** All faults of one model or construct, thrown together. */
export class ModelServingError extends Error {
  override readonly name = 'ModelServingError';

  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(({ code, message }) => `${printable(message)} [${code}]`).join('\n'));
  }

  static throwIfAny(problems: readonly Problem[]): void {
    if (problems.length > 0) throw new ModelServingError(problems);
  }
}

/** Runs a step. If it throws a ModelServingError, adds the problems in the error to the list and returns undefined. */
export function collect<T>(problems: Problem[], step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof ModelServingError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
