import { invalid } from '../base/errors';
import { describe, type Fields } from '../base/fields';

/**
 * Maximum time that a request may wait for its run, from `timeout` in microseconds; undefined if that is absent or 0.
 * `priority` is validated but ignored, because requests run in order of arrival.
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_schedule_policy.md
 */
export function timeoutSeconds(parameters: Fields): number | undefined {
  count(parameters, 'priority', 'a non-negative whole number');
  const microseconds = count(parameters, 'timeout', 'a non-negative whole number of microseconds');
  return microseconds === 0 ? undefined : microseconds / 1e6;
}

function count(parameters: Fields, name: string, requirement: string): number {
  const value = parameters[name] ?? 0;
  // The value is a bigint if the parser keeps large integers exact.
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0) return number;
  throw invalid(`parameters.${name} is ${describe(value)}; it must be ${requirement}`);
}
