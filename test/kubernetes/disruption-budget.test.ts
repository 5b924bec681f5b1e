import * as fc from 'fast-check';
import { blocksEviction } from '../../lib/kubernetes/disruption-budget';

/** As Kubernetes' own controller counts: percentages are rounded up. */
function allowed({ maxUnavailable, minAvailable }: any, replicas: number): number {
  const scaled = (share: number | string) =>
    typeof share === 'number' ? share : Math.ceil((Number.parseInt(share) * replicas) / 100);
  return minAvailable === undefined ? scaled(maxUnavailable) : Math.max(0, replicas - scaled(minAvailable));
}

test('K3 a budget blocks exactly when it lets none of the replicas go', () => {
  const share = fc.oneof(
    fc.nat(20),
    fc.nat(100).map((percent) => `${percent}%`),
  );
  const budget = fc.oneof(
    share.map((maxUnavailable) => ({ maxUnavailable })),
    share.map((minAvailable) => ({ minAvailable })),
  );
  fc.assert(
    fc.property(budget, fc.integer({ min: 1, max: 40 }), (options, replicas) => {
      return blocksEviction(options, replicas) === (allowed(options, replicas) === 0);
    }),
  );
});

test('K3 the default lets one go of any number', () => {
  expect(blocksEviction({}, 1)).toBe(false);
});
