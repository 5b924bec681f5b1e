import { SETTING_DEFAULTS } from '../../inference-image/src/contract/settings';
import type { ServingOptions } from '../serving-options';
import { wholeSum } from '../tokens';

/** For the run of the last request that could still start, in seconds. */
const RUN_SECONDS = 10;

/** How long a container may take to stop: it drains, then the last request that waits may start, and runs. */
export function stopGraceSeconds({
  drainSeconds = SETTING_DEFAULTS.drainSeconds,
  queueTimeoutSeconds = SETTING_DEFAULTS.queueTimeoutSeconds,
}: ServingOptions): number {
  return wholeSum(drainSeconds, queueTimeoutSeconds, RUN_SECONDS);
}
