import { decimalQuantity, memoryQuantity } from '../../lib/kubernetes/quantities';

test.each([
  [1, '1'],
  [2, '2'],
  [0.5, '500m'],
  [1.5, '1500m'],
  [0.001, '1m'],
  [0.0015, '2m'],
  [1.1, '1100m'],
  [0.29, '290m'],
  [1000, '1k'],
  [1500, '1500'],
])('T7 %d is %s', (value, quantity) => {
  expect(decimalQuantity(value)).toBe(quantity);
});

test.each([
  [514, '514Mi'],
  [1024, '1Gi'],
  [1536, '1536Mi'],
  [2048, '2Gi'],
  [1024 * 1024, '1Ti'],
  [1024 * 1024 * 1024, '1024Ti'],
])('T7 %d MiB are %s', (mebibytes, quantity) => {
  expect(memoryQuantity(mebibytes)).toBe(quantity);
});
