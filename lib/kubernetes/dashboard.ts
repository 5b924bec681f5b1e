import { ConfigMapV1 } from '@cdktf/provider-kubernetes/lib/config-map-v1';
import type { TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import { ModelServingError } from '../base/errors';
import { Problems } from '../terraform/problems';
import { checkTerraformIds } from '../terraform/terraform-ids';
import { dashboardPanels } from './dashboard-panels';
import { kubernetesErrors } from './errors';
import { claimName } from './name-claims';
import { defaultResourceName, isNamespaceName, isResourceName } from './names';

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
