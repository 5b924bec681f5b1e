import { ModelServingError, type Problem } from '../errors';

/** Takes a step; what is wrong with it is added to the problems instead of thrown, and the result is undefined. */
export function collect<T>(problems: Problem[], step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof ModelServingError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
