import { SETTING_DEFAULTS } from '../../inference-image/src/contract/constants';
import type { ServingOptions } from './serving-options';
import { wholeSum } from './tokens';

/** Allowance for the run of the last request, in seconds. */
const RUN_SECONDS = 10;

/** Maximum time for a container to stop: it drains, and then the last waiting request may start and run. */
export function stopGraceSeconds({
  drainSeconds = SETTING_DEFAULTS.drainSeconds,
  queueTimeoutSeconds = SETTING_DEFAULTS.queueTimeoutSeconds,
}: ServingOptions): number {
  return wholeSum(drainSeconds, queueTimeoutSeconds, RUN_SECONDS);
}
