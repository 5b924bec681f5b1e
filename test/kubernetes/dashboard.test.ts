import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceDashboard } from 'cdktf-model-serving/kubernetes';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { ROOT } from '../support/root';
import { dashboardPanels } from '../../lib/kubernetes/dashboard';
import { only, synthStack } from '../support/synth';

const exposition = readFileSync(join(ROOT, 'inference-image/src/metrics/exposition.ts'), 'utf8');

test('every metric in a query is exported by the server', () => {
  const ofProcess = new Registry();
  collectDefaultMetrics({ register: ofProcess });
  const queries = dashboardPanels().flatMap(({ targets }) => targets.map(({ expr }) => expr));
  const asked = new Set(queries.join(' ').match(/\b(inference|process)_[a-z_]+/g));
  expect(asked.size).toBeGreaterThan(6);
  for (const name of asked) {
    const metric = name.replace(/_(bucket|sum|count)$/, '');
    const isExported = ofProcess.getSingleMetric(metric) !== undefined || exposition.includes(`'${metric}'`);
    expect([metric, isExported]).toEqual([metric, true]);
  }
});

test('offers only the versions of the selected models', () => {
  const { templating } = JSON.parse(InferenceDashboard.json());
  expect(templating.list.map(({ name, query }: any) => [name, query.query ?? query])).toEqual([
    ['datasource', 'prometheus'],
    ['model', 'label_values(inference_requests_total, model)'],
    ['version', 'label_values(inference_requests_total{model=~"$model"}, version)'],
  ]);
});

test('panels do not overlap', () => {
  const places = dashboardPanels().map(({ gridPos: { x, y, w, h } }) => {
    expect(x + w).toBeLessThanOrEqual(24);
    return `${x / w} ${y / h}`;
  });
  expect(new Set(places).size).toBe(places.length);
});

test("creates a ConfigMap in the form that Grafana's sidecar expects", () => {
  const json = synthStack((stack) => new InferenceDashboard(stack, 'dashboard', { namespace: 'monitoring' }));
  const { metadata, data } = only(json, 'kubernetes_config_map_v1');
  expect(metadata).toEqual({
    name: 'stack-dashboard',
    namespace: 'monitoring',
    labels: { grafana_dashboard: '1' },
  });
  // Terraform would interpret these characters as the start of a template expression.
  expect(data['model-serving.json']).not.toMatch(/[$%]\{/);
  expect(data).toEqual({ 'model-serving.json': InferenceDashboard.json() });
  // Maximum size of a ConfigMap.
  expect(Buffer.byteLength(data['model-serving.json'])).toBeLessThan(1024 * 1024);
});

test('rejects an invalid name and namespace', () => {
  expect(() =>
    synthStack((stack) => new InferenceDashboard(stack, 'dashboard', { name: '1', namespace: 'a.b' })),
  ).toThrow(/namespace "a\.b" is not a valid Kubernetes name\..*\n.*: name "1" is not a valid Kubernetes name\./);
});
