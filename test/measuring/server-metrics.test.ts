import { ServerMetrics } from '../../lib/measuring/measured-server';

const TEXT = `# HELP inference_requests_total Inference requests by outcome.
# TYPE inference_requests_total counter
inference_requests_total{model="m",version="1",outcome="success"} 40
inference_requests_total{model="m",version="1",outcome="error"} 2
process_cpu_seconds_total 1.5
process_resident_memory_bytes 1.2e+8
`;

test('values by name, summed over labels', () => {
  const metrics = new ServerMetrics(TEXT);
  expect(metrics.get('inference_requests_total')).toBe(42);
  expect(metrics.get('process_resident_memory_bytes')).toBe(120_000_000);
  expect(metrics.get('process_cpu_seconds')).toBe(0);
});

test('differences from an earlier reading', () => {
  expect(new ServerMetrics(TEXT).since(new ServerMetrics(''), 'process_cpu_seconds_total')).toBe(1.5);
});
