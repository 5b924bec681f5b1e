import * as fc from 'fast-check';
import { OnnxModel } from 'cdktf-model-serving';
import type { ScalableModelServiceProps } from 'cdktf-model-serving/kubernetes';
import { blocksEviction } from '../../lib/kubernetes/disruption-budget';
import { multiplier } from '../support/models';
import { synthService } from '../support/service';
import { temporaryFolder } from '../support/temporary-folder';

const model = OnnxModel.fromFile(multiplier(temporaryFolder(), 'digits', 2));
const share = fc.oneof(
  fc.nat(20),
  fc.nat(100).map((percent) => `${percent}%`),
);
const budget = fc.oneof(
  share.map((maxUnavailable) => ({ maxUnavailable })),
  share.map((minAvailable) => ({ minAvailable })),
);

/**
 * Number of replicas that a budget allows to be unavailable. As in Kubernetes' controller, percentages are rounded up.
 */
function allowed({ maxUnavailable, minAvailable }: any, replicas: number): number {
  const scaled = (share: number | string) =>
    typeof share === 'number' ? share : Math.ceil((Number.parseInt(share) * replicas) / 100);
  return minAvailable === undefined ? scaled(maxUnavailable) : Math.max(0, replicas - scaled(minAvailable));
}

test('K3 a budget blocks if and only if it allows no eviction', () => {
  fc.assert(
    fc.property(budget, fc.integer({ min: 1, max: 40 }), (options, replicas) => {
      return blocksEviction(options, replicas) === (allowed(options, replicas) === 0);
    }),
  );
});

test('K3 the default allows one eviction with any number of replicas', () => {
  expect(blocksEviction({}, 1)).toBe(false);
});

test.each<[string, Partial<ScalableModelServiceProps>]>([
  ['one replica', { replicas: 1 }],
  ['an autoscaler with a minimum of one replica', { autoscaling: { minReplicas: 1, maxReplicas: 5 } }],
])('K3 with %s, the only replica may be evicted', (_what, props) => {
  const { spec } = synthService({ model, ...props }).only('pod_disruption_budget_v1');
  expect(spec).toEqual({ max_unavailable: '1', selector: expect.anything() });
});

test('K3 every accepted budget allows one eviction with the fewest replicas', () => {
  fc.assert(
    fc.property(budget, fc.integer({ min: 1, max: 5 }), fc.boolean(), (disruptionBudget, least, isAutoscaled) => {
      const scale = isAutoscaled ? { autoscaling: { minReplicas: least, maxReplicas: 9 } } : { replicas: least };
      const synth = () => synthService({ model, disruptionBudget, ...scale }).only('pod_disruption_budget_v1').spec;
      if (allowed(disruptionBudget, least) === 0) return expect(synth).toThrow('[disruption-budget-blocks]');
      const { max_unavailable, min_available } = synth();
      const [value] = Object.values(disruptionBudget);
      expect([max_unavailable, min_available].filter(Boolean)).toEqual([String(value)]);
    }),
    { numRuns: 60 },
  );
});
