import { Token } from 'cdktf';
import { OnnxModel } from 'cdktf-model-serving';
import { rolloutTimes } from '../../lib/kubernetes/rollout';
import { multiplier } from '../support/models';
import { temporaryFolder } from '../support/temporary-folder';

const model = OnnxModel.fromFile(multiplier(temporaryFolder(), 'digits', 2));
const unknown = Token.asNumber({ resolve: () => 1 });

/** How often replicas are added until all are new, as Kubernetes does it where each wave is ready at once. */
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
])('a surge of %d of %s replicas waits as the default does', (maxSurge, replicas) => {
  const times = rolloutTimes({ startupSeconds: 10, progressDeadlineSeconds: 100, maxSurge }, model, replicas);
  expect(times.timeoutSeconds).toBe(140);
});
