import { invalid } from '../errors';
import { describe, type Fields } from './fields';

/**
 * How long a request may wait for its run, from `timeout` in microseconds; undefined where it does not say, or says 0.
 * `priority` must be right and changes nothing: requests run in the order in which they came.
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_schedule_policy.md
 */
export function timeoutSeconds(parameters: Fields): number | undefined {
  count(parameters, 'priority', 'a whole number');
  const microseconds = count(parameters, 'timeout', 'a whole number of microseconds');
  return microseconds === 0 ? undefined : microseconds / 1e6;
}

function count(parameters: Fields, name: string, what: string): number {
  const value = parameters[name] ?? 0;
  // A bigint where the parser keeps large integers exact.
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0) return number;
  throw invalid(`parameters.${name} is ${describe(value)}; it must be ${what}, not negative`);
}
