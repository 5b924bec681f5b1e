import { Token } from 'cdktf';
import type { OnnxModel } from '../model/onnx-model';
import { inMiB } from '../memory';
import { startupBudget } from '../profile/startup-budget';
import type { Problems } from '../problems';
import { kubernetesErrors } from './errors';
import { probedStartupSeconds } from './probes';

/** How a new version takes the place of the old one. */
export interface RolloutOptions {
  /**
   * How long a replica may take from its start to ready before it is restarted, in seconds, up to a day. The startup
   * probe runs every 2 s and rounds it up.
   * @default - ten times what the model's profile says (30 or more), without a profile 60; and a second for each
   * 20 MiB of weights
   */
  readonly startupSeconds?: number;
  /**
   * How long an update may go without progress before it has failed, in seconds; pulling the image counts. More than
   * `startupSeconds`, rounded up.
   * @default - 300 more than `startupSeconds`
   */
  readonly progressDeadlineSeconds?: number;
  /**
   * Replicas that may be there in addition while an update runs, as a number or a percentage such as `'25%'`.
   * @default '25%'
   */
  readonly maxSurge?: number | string;
  /**
   * Whether an apply waits until the update is through.
   * @default true
   */
  readonly wait?: boolean;
}

export const DEFAULT_SURGE = '25%';

export interface RolloutTimes {
  readonly startupSeconds: number;
  readonly progressDeadlineSeconds: number;
  /** How long an apply waits: longer than Kubernetes, so that it is Kubernetes that says what failed. */
  readonly timeoutSeconds: number;
}

/** @param replicas how many there are at most */
export function rolloutTimes(options: RolloutOptions, model: OnnxModel, replicas?: number): RolloutTimes {
  const { startupSeconds = defaultStartupSeconds(model) } = options;
  const { progressDeadlineSeconds = startupSeconds + 300 } = options;
  return {
    startupSeconds,
    progressDeadlineSeconds,
    timeoutSeconds: progressDeadlineSeconds + wavesOf(options.maxSurge, replicas) * startupSeconds,
  };
}

function defaultStartupSeconds(model: OnnxModel): number {
  if (model.profile) return startupBudget(model.profile.start.readySeconds, model);
  return 60 + Math.ceil(inMiB(model.sizeBytes) / 20);
}

/** How often as many replicas are added as a surge allows until all are new: each wave is as long as a start. */
function wavesOf(maxSurge: number | string = DEFAULT_SURGE, replicas?: number): number {
  const surge = String(maxSurge);
  // Kubernetes rounds a percentage up, so that few replicas take no more waves than many.
  if (surge.endsWith('%')) return Math.ceil(100 / Number(surge.slice(0, -1)));
  const isKnown = replicas !== undefined && ![maxSurge, replicas].some(Token.isUnresolved);
  return isKnown ? Math.ceil(replicas / Number(surge)) : wavesOf(DEFAULT_SURGE);
}

/** Longest `startupSeconds`: a day. */
export const MAX_STARTUP_SECONDS = 24 * 60 * 60;

/** Checks that an update does not fail while replicas still start. */
export function checkDeadline(where: string, options: RolloutOptions, model: OnnxModel, problems: Problems): void {
  const { startupSeconds, progressDeadlineSeconds } = rolloutTimes(options, model);
  const isComparable = (value: number) => !Token.isUnresolved(value) && Number.isInteger(value);
  if (![startupSeconds, progressDeadlineSeconds].every(isComparable)) return;
  const probedSeconds = probedStartupSeconds(startupSeconds);
  if (progressDeadlineSeconds <= probedSeconds) {
    problems.add(kubernetesErrors.deadlineTooShort(where, progressDeadlineSeconds, startupSeconds, probedSeconds));
  }
}

/** `25%`, or a number of replicas of 1 or more. */
export function isSurge(value: number | string): boolean {
  if (Token.isUnresolved(value)) return true;
  return /^([1-9][0-9]*)%?$/.test(String(value));
}
