import { ServingError, type ErrorKind } from '../base/errors';

/** Outcomes of a request. The set of label values is fixed, so that clients cannot extend it. */
export const OUTCOMES = ['success', 'invalid', 'rejected', 'unavailable', 'timeout', 'cancelled', 'error'] as const;

export type Outcome = (typeof OUTCOMES)[number];

const OF_ERROR: Record<ErrorKind, Outcome> = {
  invalid: 'invalid',
  notFound: 'invalid',
  methodNotAllowed: 'invalid',
  forbidden: 'invalid',
  tooLarge: 'invalid',
  unsupportedMedia: 'invalid',
  rejected: 'rejected',
  unavailable: 'unavailable',
  unfinished: 'timeout',
  timeout: 'timeout',
  cancelled: 'cancelled',
  error: 'error',
};

export function outcomeOf(error: ServingError): Outcome {
  return OF_ERROR[error.kind];
}
