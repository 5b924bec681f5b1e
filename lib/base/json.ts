import { ModelServingError, type Problem } from './errors';

/** @throws ModelServingError with the problem that `notJson` returns */
export function parseJson(text: string, notJson: (reason: string) => Problem): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ModelServingError([notJson((error as SyntaxError).message)]);
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
