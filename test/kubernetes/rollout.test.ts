import { Token } from 'cdktf';
import { OnnxModel } from 'cdktf-model-serving';
import type { RolloutOptions } from 'cdktf-model-serving/kubernetes';
import * as fc from 'fast-check';
import { probes } from '../../lib/kubernetes/probes';
import { checkDeadline, rolloutTimes } from '../../lib/kubernetes/rollout';
import { Problems } from '../../lib/terraform/props';
import { multiplier } from '../support/models';
import { synthService } from '../support/service';
import { temporaryFolder } from '../support/temporary-folder';

const model = OnnxModel.fromFile(multiplier(temporaryFolder(), 'digits', 2));
const unknown = Token.asNumber({ resolve: () => 1 });

/** Number of waves in which Kubernetes replaces all replicas, if the pods of each wave are ready immediately. */
function waves(maxSurge: number | string, replicas: number): number {
  const surge =
    typeof maxSurge === 'number' ? maxSurge : Math.ceil((Number(maxSurge.replace('%', '')) / 100) * replicas);
  return Math.ceil(replicas / surge);
}

test.each<[number | string | undefined, number, number]>([
  [undefined, 2, 4],
  ['25%', 100, 4],
  ['10%', 30, 10],
  ['100%', 8, 1],
  ['30%', 10, 4],
  ['150%', 8, 1],
  [1, 20, 20],
  [3, 8, 3],
  [5, 2, 1],
  ['2', 8, 4],
])('an apply that adds %s at a time waits for %d replicas through %d waves', (maxSurge, replicas, expected) => {
  const times = rolloutTimes({ startupSeconds: 10, progressDeadlineSeconds: 100, maxSurge }, model, replicas);
  expect(times.timeoutSeconds).toBe(100 + expected * 10);
  expect(expected).toBeGreaterThanOrEqual(waves(maxSurge === '2' ? 2 : (maxSurge ?? '25%'), replicas));
});

test.each<[number, number | undefined]>([
  [1, unknown],
  [1, undefined],
  [unknown, 8],
])('a surge of %d of %s replicas has the timeouts of the default', (maxSurge, replicas) => {
  const times = rolloutTimes({ startupSeconds: 10, progressDeadlineSeconds: 100, maxSurge }, model, replicas);
  expect(times.timeoutSeconds).toBe(140);
});

/**
 * Number of seconds that the plan allows for a replica to start, for an update to progress, and for an apply to wait.
 */
function planned(rollout: RolloutOptions): [budget: number, deadline: number, timeout: number] {
  const { deployment, container } = synthService({ model, rollout });
  const { failure_threshold: failures, period_seconds: period } = container.startup_probe;
  expect(deployment.timeouts.create).toBe(deployment.timeouts.update);
  return [failures * period, deployment.spec.progress_deadline_seconds, parseInt(deployment.timeouts.create)];
}

describe('T13 the deadline of an update', () => {
  const tooShort = (deadline: number, startup: string, enough: number) =>
    `stack/digits: rollout.progressDeadlineSeconds is ${deadline}, but it must be more than startupSeconds, which is ${startup}. Otherwise, updates would fail while replicas are still starting. Raise it to at least ${enough}, or omit it. [progress-deadline-too-short]`;

  test.each<[RolloutOptions, string]>([
    [
      { startupSeconds: 1199, progressDeadlineSeconds: 1200 },
      tooShort(1200, '1199 (rounded up to 1200 by the startup probe)', 1201),
    ],
    [{ startupSeconds: 1, progressDeadlineSeconds: 2 }, tooShort(2, '1 (rounded up to 2 by the startup probe)', 3)],
    [{ startupSeconds: 1200, progressDeadlineSeconds: 1200 }, tooShort(1200, '1200', 1201)],
    [{ startupSeconds: 1200, progressDeadlineSeconds: 600 }, tooShort(600, '1200', 1201)],
    [{ progressDeadlineSeconds: 62 }, tooShort(62, '61 (rounded up to 62 by the startup probe)', 63)],
  ])('is compared after rounding: %j', (rollout, message) => {
    expect(() => synthService({ model, rollout })).toThrow(message);
  });

  test.each<[RolloutOptions, [number, number, number]]>([
    [{ startupSeconds: 1199, progressDeadlineSeconds: 1201 }, [1200, 1201, 5997]],
    [{ startupSeconds: 1198, progressDeadlineSeconds: 1199 }, [1198, 1199, 5991]],
    [{ startupSeconds: 1, progressDeadlineSeconds: 3 }, [2, 3, 7]],
    [{ progressDeadlineSeconds: 63 }, [62, 63, 307]],
    [{ startupSeconds: 86_400 }, [86_400, 86_700, 432_300]],
    [{}, [62, 361, 605]],
  ])('is accepted one second above: %j', (rollout, times) => {
    expect(planned(rollout)).toEqual(times);
  });

  test('is always between the start time of a replica and the timeout of an apply', () => {
    const seconds = fc.option(fc.integer({ min: 1, max: 86_400 }), { nil: undefined });
    const maxSurge = fc.oneof(
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 1, max: 1000 }).map((percent) => `${percent}%`),
    );
    const near = fc.tuple(fc.integer({ min: 1, max: 86_400 }), fc.integer({ min: -3, max: 3 }));
    const options = fc.oneof(
      fc.record({ startupSeconds: seconds, progressDeadlineSeconds: seconds, maxSurge }),
      near.map(([startupSeconds, more]) => ({ startupSeconds, progressDeadlineSeconds: startupSeconds + more })),
    );
    let accepted = 0;
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 100 }), (rollout, replicas) => {
        const problems = new Problems();
        checkDeadline('stack/digits', rollout, model, problems);
        const times = rolloutTimes(rollout, model, replicas);
        const { failureThreshold, periodSeconds } = probes(times.startupSeconds).startupProbe;
        const budget = failureThreshold! * periodSeconds!;
        const isInOrder = budget < times.progressDeadlineSeconds;
        accepted += Number(isInOrder);
        return isInOrder === (problems.list.length === 0) && times.progressDeadlineSeconds < times.timeoutSeconds;
      }),
      { numRuns: 2000 },
    );
    expect(accepted).toBeGreaterThan(500);
  });
});

test.each([0, -1, 0.5, 60.5, NaN, Infinity, 86_401])('T13 startupSeconds %d is rejected', (startupSeconds) => {
  expect(() => synthService({ model, rollout: { startupSeconds } })).toThrow(
    `stack/digits: rollout.startupSeconds is ${startupSeconds}. Use an integer from 1 to 86400 (one day). [startup-seconds-invalid]`,
  );
});
