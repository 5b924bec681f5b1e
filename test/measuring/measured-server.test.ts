import { loopTime, ServerMetrics } from '../../lib/measuring/measured-server';

test("the time of the loop's thread, or all CPU time minus runs, whichever is more", () => {
  expect(loopTime({ cpuSeconds: 10, runSeconds: 6, runs: 100, threadSeconds: 3 })).toBe(4);
  expect(loopTime({ cpuSeconds: 10, runSeconds: 9, runs: 100, threadSeconds: 3 })).toBe(3);
  expect(loopTime({ cpuSeconds: 10, runSeconds: 6, runs: 100_000, threadSeconds: 9 })).toBe(9);
});

describe('if the system does not report CPU times of threads', () => {
  test('all CPU time minus runs, and at least 0', () => {
    expect(loopTime({ cpuSeconds: 10, runSeconds: 6, runs: 100 })).toBe(4);
    expect(loopTime({ cpuSeconds: 10, runSeconds: 12, runs: 100 })).toBe(0);
  });

  test("all CPU time, if runs may have been on the loop's thread", () => {
    expect(loopTime({ cpuSeconds: 10, runSeconds: 6, runs: 59_000 })).toBe(4);
    expect(loopTime({ cpuSeconds: 10, runSeconds: 6, runs: 61_000 })).toBe(10);
  });
});

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
