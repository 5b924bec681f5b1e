import { ConfigMapV1 } from '@cdktf/provider-kubernetes/lib/config-map-v1';
import type { TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import { ModelServingError } from '../base/errors';
import { Problems } from '../terraform/props';
import { checkTerraformIds } from '../terraform/terraform-ids';
import { kubernetesErrors } from './errors';
import { claimName, defaultResourceName, isNamespaceName, isResourceName } from './names';

export interface InferenceDashboardProps {
  /** Namespace that Grafana's sidecar watches. @default 'default' */
  readonly namespace?: string;
  /** Name of the ConfigMap. @default - the construct's path */
  readonly name?: string;
  /** @default 'Model serving' */
  readonly title?: string;
  /**
   * Labels by which Grafana's sidecar finds the ConfigMap.
   * @default - `grafana_dashboard: '1'`, the default of Grafana's Helm chart
   */
  readonly labels?: Readonly<Record<string, string>>;
  /** @default - none */
  readonly annotations?: Readonly<Record<string, string>>;
  /** @default - the stack's Kubernetes provider */
  readonly provider?: TerraformProvider;
}

/** A Grafana dashboard for all scraped models, in a ConfigMap that Grafana's sidecar loads. */
export class InferenceDashboard extends Construct {
  /** The dashboard as JSON, for manual import. */
  static json(title = 'Model serving'): string {
    return JSON.stringify(dashboard(title), undefined, 2);
  }

  /** `kubernetes_config_map_v1` */
  readonly configMap: ConfigMapV1;

  /** @throws ModelServingError with all problems of the props */
  constructor(scope: Construct, id: string, props: InferenceDashboardProps = {}) {
    super(scope, id);
    const { path } = this.node;
    const { namespace = 'default', name = defaultResourceName(path), title, provider } = props;
    const problems = new Problems();
    problems.check(namespace, isNamespaceName, (text) => kubernetesErrors.namespaceInvalid(path, text));
    problems.check(name, isResourceName, (text) => kubernetesErrors.resourceNameInvalid(path, text));
    problems.add(...claimName(this, 'ConfigMap', name, namespace, provider));
    ModelServingError.throwIfAny(problems.list);
    checkTerraformIds(this);
    this.configMap = new ConfigMapV1(this, 'config-map', {
      provider,
      metadata: { name, namespace, labels: props.labels ?? { grafana_dashboard: '1' }, annotations: props.annotations },
      data: { 'model-serving.json': InferenceDashboard.json(title) },
    });
  }
}

/** @see https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/ */
function dashboard(title: string) {
  return {
    uid: 'cdktf-model-serving',
    title,
    tags: ['model-serving'],
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus' },
        label('model', 'inference_requests_total'),
        label('version', 'inference_requests_total{model=~"$model"}'),
      ],
    },
    panels: dashboardPanels(),
  };
}

/** A dashboard variable that lists the values of a label in a series. */
function label(name: string, series: string) {
  return {
    name,
    type: 'query',
    datasource: { type: 'prometheus', uid: '$datasource' },
    query: { query: `label_values(${series}, ${name})`, refId: name },
    refresh: 2,
    includeAll: true,
    multi: true,
    current: { text: 'All', value: '$__all' },
  };
}

const MODELS = 'model=~"$model", version=~"$version"';
const COLUMNS = 2;
const [WIDTH, HEIGHT] = [24 / COLUMNS, 8];

interface PanelOptions {
  readonly title: string;
  /** Grafana's unit, such as `reqps` or `percentunit`. */
  readonly unit: string;
  /** Queries by the legend of their series. */
  readonly queries: Readonly<Record<string, string>>;
}

const PANELS: readonly PanelOptions[] = [
  {
    title: 'Requests by version and outcome',
    unit: 'reqps',
    queries: { '{{version}} {{outcome}}': `sum by (version, outcome) (${rate('inference_requests_total')})` },
  },
  {
    title: 'Share of unsuccessful requests',
    unit: 'percentunit',
    queries: {
      '{{version}}':
        `sum by (version) (${rate('inference_requests_total', ', outcome!="success"')})` +
        ` / sum by (version) (${rate('inference_requests_total')})`,
    },
  },
  {
    title: 'Request duration',
    unit: 's',
    queries: quantiles('inference_request_duration_seconds', ', outcome="success"', [0.5, 0.95, 0.99]),
  },
  {
    title: 'Stages of a request, 95th percentile',
    unit: 's',
    queries: {
      '{{version}} decode': quantile('inference_decode_duration_seconds', '', 0.95),
      '{{version}} wait': quantile('inference_queue_duration_seconds', '', 0.95),
      '{{version}} run': quantile('inference_run_duration_seconds', '', 0.95),
      '{{version}} encode': quantile('inference_encode_duration_seconds', '', 0.95),
    },
  },
  {
    title: 'Rows per run',
    unit: 'short',
    queries: {
      '{{version}} mean':
        `sum by (version) (${rate('inference_batch_size_sum')})` +
        ` / sum by (version) (${rate('inference_batch_size_count')})`,
      '{{version}} p95': quantile('inference_batch_size', '', 0.95),
    },
  },
  {
    title: 'Requests in flight, by replica',
    unit: 'short',
    queries: { '{{instance}}': `inference_in_flight{${MODELS}}` },
  },
  {
    title: 'Requests waiting, by replica',
    unit: 'short',
    queries: { '{{instance}}': `inference_queue_length{${MODELS}}` },
  },
  {
    title: 'CPU, by replica',
    unit: 'short',
    queries: { '{{instance}}': ofReplicas('rate(process_cpu_seconds_total[$__rate_interval])') },
  },
  {
    title: 'Memory, by replica',
    unit: 'bytes',
    queries: { '{{instance}}': ofReplicas('process_resident_memory_bytes') },
  },
];

/** Panels of the dashboard, in rows of two. */
export function dashboardPanels() {
  return PANELS.map(({ title, unit, queries }, i) => ({
    id: i + 1,
    type: 'timeseries',
    title,
    datasource: { type: 'prometheus', uid: '$datasource' },
    gridPos: { x: (i % COLUMNS) * WIDTH, y: Math.floor(i / COLUMNS) * HEIGHT, w: WIDTH, h: HEIGHT },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    targets: Object.entries(queries).map(([legendFormat, expr], k) => ({
      refId: String.fromCharCode(65 + k),
      expr,
      legendFormat,
    })),
  }));
}

function rate(metric: string, more = ''): string {
  return `rate(${metric}{${MODELS}${more}}[$__rate_interval])`;
}

function quantile(histogram: string, more: string, q: number): string {
  return `histogram_quantile(${q}, sum by (version, le) (${rate(`${histogram}_bucket`, more)}))`;
}

function quantiles(histogram: string, more: string, qs: readonly number[]): Record<string, string> {
  return Object.fromEntries(qs.map((q) => [`{{version}} p${q * 100}`, quantile(histogram, more, q)]));
}

/** Restricts process metrics, which have no model label, to replicas of the selected models. */
function ofReplicas(query: string): string {
  return `${query} and on (instance) inference_executors{${MODELS}}`;
}
