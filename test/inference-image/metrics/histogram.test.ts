import { Distribution, Histogram } from '../../../inference-image/src/metrics/histogram';

test('buckets are cumulative and include their upper bounds', async () => {
  const durations = new Distribution({ model: 'm' });
  [0.0001, 0.0002, 0.3, 100].forEach((seconds) => durations.observe(seconds));
  const { values } = await new Histogram('d', 'help', [durations, new Distribution({ model: 'unused' })]).get();
  const value = (le: number | string) => values.find(({ labels }) => labels.le === le)?.value;
  expect([0.0001, 0.00025, 0.25, 0.5, 30, '+Inf'].map(value)).toEqual([1, 2, 2, 3, 3, 4]);
  expect(values.slice(-2)).toEqual([
    { metricName: 'd_sum', labels: { model: 'm' }, value: expect.closeTo(100.3003) },
    { metricName: 'd_count', labels: { model: 'm' }, value: 4 },
  ]);
});

test('custom bounds', async () => {
  const rows = new Distribution({}, [1, 2, 4]);
  for (const value of [1, 3, 2000]) rows.observe(value);
  const { values } = await new Histogram('rows', 'help', [rows]).get();
  expect(values.map(({ labels, value }) => [labels.le, value])).toEqual([
    [1, 1],
    [2, 1],
    [4, 2],
    ['+Inf', 3],
    [undefined, 2004],
    [undefined, 3],
  ]);
});
