import { ModelServingError, type Problem } from './errors';

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
