import { Token } from 'cdktf';
import type { Model } from '../model/model';
import { inMiB } from '../sizing/memory';
import { startupBudget } from '../sizing/headroom';
import type { Problems } from '../terraform/props';
import { kubernetesErrors } from './errors';
import { probedStartupSeconds } from './probes';

/** How a new version replaces the old one. */
export interface RolloutOptions {
  /**
   * Maximum time from the start of a replica until it is ready, in seconds; at most one day. Kubernetes restarts a
   * replica that takes longer. The startup probe runs every 2 s, so the time is rounded up to an even number.
   * @default - with a profile, ten times the measured time plus 1 s for each 20 MiB of weights, at least 30; without
   * one, 60 plus 1 s for each 20 MiB of weights
   */
  readonly startupSeconds?: number;
  /**
   * Maximum time without progress before an update fails, in seconds, including the time to pull the image. It must be
   * greater than `startupSeconds`, rounded up.
   * @default - `startupSeconds` + 300
   */
  readonly progressDeadlineSeconds?: number;
  /**
   * Additional replicas during an update, as a number or a percentage such as `'25%'`.
   * @default '25%'
   */
  readonly maxSurge?: number | string;
  /**
   * Whether an apply waits until the update is complete.
   * @default true
   */
  readonly wait?: boolean;
}

export const DEFAULT_SURGE = '25%';

export interface RolloutTimes {
  readonly startupSeconds: number;
  readonly progressDeadlineSeconds: number;
  /**
   * How long an apply waits, in seconds. This is longer than the progress deadline, so that Kubernetes can report what
   * failed.
   */
  readonly timeoutSeconds: number;
}

/** @param replicas - maximum number of replicas */
export function rolloutTimes(options: RolloutOptions, model: Model, replicas?: number): RolloutTimes {
  const { startupSeconds = defaultStartupSeconds(model) } = options;
  const { progressDeadlineSeconds = startupSeconds + 300 } = options;
  return {
    startupSeconds,
    progressDeadlineSeconds,
    timeoutSeconds: progressDeadlineSeconds + wavesOf(options.maxSurge, replicas) * startupSeconds,
  };
}

function defaultStartupSeconds(model: Model): number {
  if (model.profile) return startupBudget(model.profile.start.readySeconds, model);
  return 60 + Math.ceil(inMiB(model.sizeBytes) / 20);
}

/** Number of waves in which a surge replaces all replicas. Each wave takes as long as a replica takes to start. */
function wavesOf(maxSurge: number | string = DEFAULT_SURGE, replicas?: number): number {
  const surge = String(maxSurge);
  // Kubernetes rounds a percentage up, so the number of waves does not exceed this for any number of replicas.
  if (surge.endsWith('%')) return Math.ceil(100 / Number(surge.slice(0, -1)));
  const isKnown = replicas !== undefined && ![maxSurge, replicas].some(Token.isUnresolved);
  return isKnown ? Math.ceil(replicas / Number(surge)) : wavesOf(DEFAULT_SURGE);
}

/** Maximum of `startupSeconds`: one day. */
export const MAX_STARTUP_SECONDS = 24 * 60 * 60;

/** Checks that an update does not fail while replicas are still starting. */
export function checkDeadline(where: string, options: RolloutOptions, model: Model, problems: Problems): void {
  const { startupSeconds, progressDeadlineSeconds } = rolloutTimes(options, model);
  const isComparable = (value: number) => !Token.isUnresolved(value) && Number.isInteger(value);
  if (![startupSeconds, progressDeadlineSeconds].every(isComparable)) return;
  const probedSeconds = probedStartupSeconds(startupSeconds);
  if (progressDeadlineSeconds <= probedSeconds) {
    problems.add(kubernetesErrors.deadlineTooShort(where, progressDeadlineSeconds, startupSeconds, probedSeconds));
  }
}

/** Whether the value is a percentage such as `25%`, or a number of replicas of at least 1. */
export function isSurge(value: number | string): boolean {
  if (Token.isUnresolved(value)) return true;
  return /^([1-9][0-9]*)%?$/.test(String(value));
}
