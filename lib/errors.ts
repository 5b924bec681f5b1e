import { printable } from './printable';

/** One thing that is wrong: a stable code (docs/errors.md lists them), and what, where and the remedy in words. */
export interface Problem {
  readonly code: string;
  readonly message: string;
}

/** Everything that is wrong with one model or one construct, thrown once. */
export class ModelServingError extends Error {
  override readonly name = 'ModelServingError';

  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(({ code, message }) => `${printable(message)} [${code}]`).join('\n'));
  }

  static throwIfAny(problems: readonly Problem[]): void {
    if (problems.length > 0) throw new ModelServingError(problems);
  }
}
