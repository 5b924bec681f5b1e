import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { DockerProvider } from '@cdktf/provider-docker/lib/provider';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { TerraformVariable, Token } from 'cdktf';
import { OnnxModel } from 'cdktf-model-serving';
import {
  InferenceImage,
  Peers,
  ScalableModelService,
  type ScalableModelServiceProps,
  ScalingTarget,
} from 'cdktf-model-serving/kubernetes';
import { ROOT } from '../support/root';
import { BuildContext } from '../../lib/container-image/build-context';
import { declarationText } from '../../inference-image/src/contract/model-declaration';
import { largeModel, multiplier } from '../support/models';
import { synthService } from '../support/service';
import { stackWithProviders, synthApp, synthStack, tree } from '../support/synth';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const model = OnnxModel.fromFile(multiplier(folder, 'digits', 2), { version: '3' });
const repository = 'registry.example.com/ml/digits';

const labels = {
  'app.kubernetes.io/instance': 'stack-digits',
  'app.kubernetes.io/name': 'model-serving',
  'app.kubernetes.io/version': '3',
  'model-serving/model': 'digits',
};
const selector = { 'app.kubernetes.io/instance': 'stack-digits', 'app.kubernetes.io/name': 'model-serving' };
const annotations = {
  'model-serving/model': 'digits',
  'model-serving/sha256': model.sha256,
  'model-serving/version': '3',
};
const metadata = { name: 'stack-digits', namespace: 'default', labels, annotations };
const digest = expect.stringMatching(
  /^registry\.example\.com\/ml\/digits@\$\{docker_registry_image\.digits_image_registry-image_\w+\.sha256_digest\}$/,
);

describe('minimal props', () => {
  const { construct, json, deployment, template, container, only } = synthService({ model });

  test('create a hardened Deployment that runs the pushed digest', () => {
    expect({ ...deployment, spec: undefined }).toEqual({
      metadata: { ...metadata, labels: { ...labels, 'model-serving/track': 'stable' } },
      wait_for_rollout: true,
      timeouts: { create: '605s', update: '605s' },
    });
    expect({ ...deployment.spec, template: undefined }).toEqual({
      replicas: '2',
      progress_deadline_seconds: 361,
      strategy: { type: 'RollingUpdate', rolling_update: { max_unavailable: '0', max_surge: '25%' } },
      selector: { match_labels: { ...selector, 'model-serving/track': 'stable' } },
    });
    expect(template.metadata).toEqual({ labels: { ...labels, 'model-serving/track': 'stable' }, annotations });
    const spread = (topology_key: string) => ({
      topology_key,
      max_skew: 1,
      when_unsatisfiable: 'ScheduleAnyway',
      label_selector: [{ match_labels: { ...selector, 'model-serving/track': 'stable' } }],
      match_label_keys: ['pod-template-hash'],
    });
    expect({ ...template.spec, container: undefined }).toEqual({
      service_account_name: expect.stringMatching(
        /^\$\{kubernetes_service_account_v1\.digits_service-account_\w+\.metadata\[0\]\.name\}$/,
      ),
      automount_service_account_token: false,
      enable_service_links: false,
      security_context: {
        run_as_non_root: true,
        run_as_user: '65532',
        run_as_group: '65532',
        seccomp_profile: { type: 'RuntimeDefault' },
      },
      termination_grace_period_seconds: 55,
      node_selector: { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' },
      topology_spread_constraint: [spread('topology.kubernetes.io/zone'), spread('kubernetes.io/hostname')],
    });
    const probe = (path: string, period_seconds: number, failure_threshold: number) => ({
      http_get: { path: `/v2/health/${path}`, port: 'http', scheme: 'HTTP' },
      period_seconds,
      timeout_seconds: 3,
      success_threshold: 1,
      failure_threshold,
    });
    expect(template.spec.container).toEqual([
      {
        name: 'server',
        image: digest,
        image_pull_policy: 'IfNotPresent',
        env: [
          { name: 'MODEL_SERVING_DRAIN_SECONDS', value: '15' },
          { name: 'MODEL_SERVING_EXPECTED_SHA256', value: model.sha256 },
        ],
        port: [
          { name: 'http', container_port: 8080, protocol: 'TCP' },
          { name: 'grpc', container_port: 8081, protocol: 'TCP' },
          { name: 'metrics', container_port: 8082, protocol: 'TCP' },
        ],
        resources: { requests: { cpu: '1', memory: '514Mi' }, limits: { cpu: '1', memory: '514Mi' } },
        security_context: {
          allow_privilege_escalation: false,
          read_only_root_filesystem: true,
          run_as_non_root: true,
          capabilities: { drop: ['ALL'] },
        },
        termination_message_policy: 'FallbackToLogsOnError',
        startup_probe: probe('ready', 2, 31),
        readiness_probe: probe('ready', 5, 2),
        liveness_probe: probe('live', 10, 3),
      },
    ]);
    expect(container.name).toBe('server');
  });

  test('create the other resources', () => {
    expect(only('service_account_v1')).toEqual({ metadata, automount_service_account_token: false });
    expect(only('service_v1')).toEqual({
      metadata,
      spec: {
        type: 'ClusterIP',
        selector,
        port: [
          { name: 'http', port: 80, target_port: 'http', protocol: 'TCP', app_protocol: 'http' },
          { name: 'grpc', port: 8081, target_port: 'grpc', protocol: 'TCP', app_protocol: 'kubernetes.io/h2c' },
        ],
      },
    });
    expect(only('pod_disruption_budget_v1')).toEqual({
      metadata,
      spec: { max_unavailable: '1', selector: { match_labels: { ...selector, 'model-serving/track': 'stable' } } },
    });
    expect(only('network_policy_v1')).toEqual({
      metadata,
      spec: {
        pod_selector: { match_labels: selector },
        policy_types: ['Ingress', 'Egress'],
        ingress: [
          {
            from: [{ pod_selector: {} }],
            ports: [
              { port: '8080', protocol: 'TCP' },
              { port: '8081', protocol: 'TCP' },
            ],
          },
        ],
        egress: [],
      },
    });
    expect(json.resource.kubernetes_horizontal_pod_autoscaler_v2).toBeUndefined();
    expect(json.resource.kubernetes_ingress_v1).toBeUndefined();
  });

  test('have a fixed tree of construct ids', () => {
    expect(tree(construct)).toEqual([
      'deployment',
      'disruption-budget',
      'grpc-endpoint',
      'image',
      'image-reference',
      'image/image',
      'image/registry-image',
      'model-sha256',
      'model-version',
      'network-policy',
      'service',
      'service-account',
      'url',
    ]);
  });

  test('have outputs with its addresses and its image', () => {
    const outputs = Object.values<any>(json.output).map((output) => output.value);
    expect(outputs).toEqual([
      'stack-digits.default.svc:8081',
      digest,
      model.sha256,
      '3',
      'http://stack-digits.default.svc',
    ]);
    expect(construct.grpcEndpoint).toBe('stack-digits.default.svc:8081');
    expect(construct.url).toBe('http://stack-digits.default.svc');
  });
});

test('maximum props', () => {
  const { construct, json, deployment, template, container, only } = synthService(
    {
      model,
      build: { platform: 'linux/arm64', baseImage: `node@sha256:${'0'.repeat(64)}`, insecureSkipVerify: true },
      namespace: 'ml',
      name: 'digits',
      autoscaling: {
        minReplicas: 3,
        maxReplicas: 30,
        target: [ScalingTarget.cpuUtilization(60), ScalingTarget.queueLengthPerReplica(2)],
        scaleDownAfterSeconds: 60,
      },
      resources: { cpu: 0.5, cpuLimit: 1.5, memoryMiB: 2048 },
      serving: { executors: 2, drainSeconds: 20, queueTimeoutSeconds: 40, maxConnectionAgeSeconds: 60, page: true },
      environment: {
        OTEL_SERVICE_NAME: 'digits',
        TOKEN: { secretName: 'tokens', key: 'digits' },
        MAYBE: { secretName: 'tokens', key: 'maybe', optional: true },
      },
      pod: {
        nodeSelector: { pool: 'cpu' },
        tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'ml', effect: 'NoSchedule' }],
        priorityClassName: 'high',
        imagePullSecrets: ['login'],
        labels: { sidecar: 'no' },
        annotations: { note: 'pod' },
      },
      rollout: { startupSeconds: 100, progressDeadlineSeconds: 200, maxSurge: 1, wait: false },
      disruptionBudget: { minAvailable: '50%' },
      network: {
        from: [Peers.namespace('front'), Peers.pods({ app: 'batch' }, 'jobs')],
        scrapers: [Peers.namespace('monitoring')],
        egress: [{ to: Peers.cidr('10.0.0.0/8', ['10.1.0.0/16']), ports: [4318] }],
      },
      service: { port: 8000, grpcPort: 9000, annotations: { note: 'service' } },
      labels: { team: 'vision' },
      annotations: { owner: 'ml' },
    },
    (service) => {
      service.allowFrom(Peers.sameNamespace());
      service.exposeViaIngress({
        host: 'models.example.com',
        path: '/v2/models/digits',
        from: Peers.namespace('ingress'),
        tls: { secretName: 'certificate' },
        className: 'nginx',
        annotations: { note: 'ingress' },
      });
    },
  );
  expect(deployment.metadata).toMatchObject({
    name: 'digits',
    namespace: 'ml',
    labels: { team: 'vision' },
    annotations: { owner: 'ml' },
  });
  expect(deployment.wait_for_rollout).toBe(false);
  // 30 replicas start one by one, each in up to 100 s; the deadline of 200 s is added to that.
  expect(deployment.timeouts).toEqual({ create: '3200s', update: '3200s' });
  expect(deployment.spec).toMatchObject({
    progress_deadline_seconds: 200,
    strategy: { rolling_update: { max_surge: '1', max_unavailable: '0' } },
  });
  expect(template.metadata.labels).toMatchObject({ sidecar: 'no', team: 'vision' });
  expect(template.metadata.annotations).toEqual({
    ...annotations,
    note: 'pod',
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': '8082',
    'prometheus.io/path': '/metrics',
  });
  expect(template.spec).toMatchObject({
    node_selector: { pool: 'cpu', 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'arm64' },
    toleration: [{ key: 'dedicated', operator: 'Equal', value: 'ml', effect: 'NoSchedule' }],
    priority_class_name: 'high',
    image_pull_secrets: [{ name: 'login' }],
    termination_grace_period_seconds: 70,
  });
  expect(container.resources).toEqual({
    requests: { cpu: '500m', memory: '2Gi' },
    limits: { cpu: '1500m', memory: '2Gi' },
  });
  expect(container.env).toEqual([
    { name: 'OTEL_SERVICE_NAME', value: 'digits' },
    { name: 'TOKEN', value_from: { secret_key_ref: { name: 'tokens', key: 'digits' } } },
    { name: 'MAYBE', value_from: { secret_key_ref: { name: 'tokens', key: 'maybe', optional: true } } },
    { name: 'MODEL_SERVING_DRAIN_SECONDS', value: '20' },
    { name: 'MODEL_SERVING_EXECUTORS', value: '2' },
    { name: 'MODEL_SERVING_QUEUE_TIMEOUT_SECONDS', value: '40' },
    { name: 'MODEL_SERVING_MAX_CONNECTION_AGE_SECONDS', value: '60' },
    { name: 'MODEL_SERVING_PAGE', value: 'true' },
    { name: 'MODEL_SERVING_EXPECTED_SHA256', value: model.sha256 },
  ]);
  expect(only('service_v1')).toMatchObject({
    metadata: { annotations: { note: 'service', owner: 'ml' } },
    spec: {
      port: [
        { name: 'http', port: 8000 },
        { name: 'grpc', port: 9000 },
      ],
    },
  });
  expect(only('pod_disruption_budget_v1').spec).toEqual({
    min_available: '50%',
    selector: {
      match_labels: { ...selector, 'app.kubernetes.io/instance': 'digits', 'model-serving/track': 'stable' },
    },
  });
  expect(only('ingress_v1')).toEqual({
    metadata: expect.objectContaining({
      name: 'digits',
      namespace: 'ml',
      annotations: { ...annotations, owner: 'ml', note: 'ingress' },
    }),
    spec: {
      ingress_class_name: 'nginx',
      rule: [
        {
          host: 'models.example.com',
          http: {
            path: [
              {
                path: '/v2/models/digits',
                path_type: 'Prefix',
                backend: {
                  service: {
                    name: expect.stringMatching(/^\$\{kubernetes_service_v1\.\S+\.metadata\[0\]\.name\}$/),
                    port: { name: 'http' },
                  },
                },
              },
            ],
          },
        },
      ],
      tls: [{ hosts: ['models.example.com'], secret_name: 'certificate' }],
    },
  });
  expect(Object.values<any>(json.resource.docker_registry_image)[0].insecure_skip_verify).toBe(true);
  expect(construct.url).toBe('http://digits.ml.svc:8000');
  expect(construct.grpcEndpoint).toBe('digits.ml.svc:9000');
  expect(Object.entries<any>(json.output).find(([id]) => id.includes('external'))![1].value).toBe(
    'https://models.example.com/v2/models/digits',
  );
  expect(tree(construct)).toEqual(expect.arrayContaining(['autoscaler', 'external-url', 'ingress']));
});

test('a headless service resolves to the replicas themselves', () => {
  const { construct, only } = synthService({ model, service: { headless: true } });
  expect(only('service_v1').spec).toMatchObject({
    cluster_ip: 'None',
    port: [
      { port: 8080, target_port: 'http' },
      { port: 8081, target_port: 'grpc' },
    ],
  });
  expect(construct.url).toBe('http://stack-digits.default.svc:8080');
  expect(construct.grpcEndpoint).toBe('stack-digits.default.svc:8081');
});

test.each([
  [{ cpu: 2, cpuLimit: 'none' as const }, {}, '2'],
  [{ cpu: 4, cpuLimit: 'none' as const }, { executors: 2 }, '2'],
  [{ cpu: 'none' as const }, {}, '1'],
  [{ cpu: 2, cpuLimit: 'none' as const }, { threadsPerExecutor: 3 }, '3'],
  [{ cpu: 2 }, {}, undefined],
])('threads of %j and %j: %s', (resources, serving, threads) => {
  const { container } = synthService({ model, resources, serving });
  const variable = container.env.find(({ name }: any) => name === 'MODEL_SERVING_THREADS_PER_EXECUTOR');
  expect(variable?.value).toBe(threads);
});

test('accepts an image from an earlier stack, or from a registry by its digest', () => {
  const reference = `registry.example.com/digits@sha256:${'1'.repeat(64)}`;
  const image = InferenceImage.fromRegistry(reference, { model, platform: 'linux/arm64' });
  const { container, template, json } = synthService({ image, repository: undefined });
  expect(container.image).toBe(reference);
  expect(container.env).toContainEqual({
    name: 'MODEL_SERVING_EXPECTED_DECLARATION',
    value: declarationText(model),
  });
  expect(template.spec.node_selector).toEqual({ 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'arm64' });
  expect(json.resource.docker_image).toBeUndefined();
});

test('every resource can be overridden', () => {
  const { deployment } = synthService({ model }, (service) => {
    service.deployment.addOverride('spec.min_ready_seconds', 7);
    service.service.addOverride('spec.type', 'LoadBalancer');
  });
  expect(deployment.spec.min_ready_seconds).toBe(7);
});

test('labels of pods override general labels', () => {
  const { deployment, template } = synthService({
    model,
    labels: { team: 'vision', tier: 'a' },
    pod: { labels: { team: 'pods' } },
  });
  expect(template.metadata.labels).toMatchObject({ team: 'pods', tier: 'a' });
  expect(deployment.metadata.labels).toMatchObject({ team: 'vision', tier: 'a' });
});

test('an undefined prop counts as not set', () => {
  const undefinedAll = (names: string) => Object.fromEntries(names.split(' ').map((name) => [name, undefined]));
  const { deployment } = synthService({
    model,
    ...undefinedAll('image namespace name replicas autoscaling environment labels annotations provider'),
    build: undefinedAll('baseImage nodePath platform builder keepLocally keepRemotely provider'),
    resources: undefinedAll('cpu cpuLimit memoryMiB'),
    serving: undefinedAll('executors threadsPerExecutor maxBatchSize rowIndependence drainSeconds logLevel'),
    pod: undefinedAll('nodeSelector tolerations priorityClassName imagePullSecrets labels annotations'),
    rollout: undefinedAll('startupSeconds progressDeadlineSeconds maxSurge wait'),
    disruptionBudget: undefinedAll('maxUnavailable minAvailable'),
    network: undefinedAll('from scrapers egress dns'),
    service: undefinedAll('headless port grpcPort annotations'),
  });
  expect(deployment).toEqual(synthService({ model }).deployment);
});

test.each([
  ['1.', /^1-[0-9a-f]{8}$/],
  ['1'.repeat(70), /^1{54}-[0-9a-f]{8}$/],
])('version %s, which is not a valid label, is kept in an annotation', (version, label) => {
  const odd = OnnxModel.fromFile(multiplier(folder, 'odd', 2), { version });
  const { metadata } = synthService({ model: odd }).deployment;
  expect(metadata.labels['app.kubernetes.io/version']).toMatch(label);
  expect(metadata.annotations['model-serving/version']).toBe(version);
});

test('a namespace may start with a digit, unlike a Service', () => {
  expect(synthService({ model, namespace: '1st' }).construct.url).toBe('http://stack-digits.1st.svc');
});

test('uses one provider of each kind for all resources; a different provider has separate names', () => {
  const candidate = OnnxModel.fromFile(multiplier(folder, 'digits', 4), { version: '5' });
  const json = synthStack((stack) => {
    const provider = new KubernetesProvider(stack, 'elsewhere', { alias: 'elsewhere' });
    const docker = new DockerProvider(stack, 'docker-elsewhere', { alias: 'elsewhere' });
    const build = { provider: docker };
    new ScalableModelService(stack, 'here', { model, repository, name: 'digits' });
    const service = new ScalableModelService(stack, 'there', {
      model,
      repository,
      name: 'digits',
      build,
      provider,
      replicas: 4,
    });
    service.addCanary('next', { model: candidate, weight: 20 });
    service.exposeViaIngress({ host: 'a.example.com', from: Peers.sameNamespace() });
    const autoscaling = { maxReplicas: 3 };
    new ScalableModelService(stack, 'there-too', { model, repository, build, provider, autoscaling });
  });
  for (const [type, resources] of Object.entries<any>(json.resource)) {
    for (const [id, resource] of Object.entries<any>(resources)) {
      const elsewhere = `${type.split('_')[0]}.elsewhere`;
      expect([id, resource.provider]).toEqual([id, id.startsWith('here') ? undefined : elsewhere]);
    }
  }
});

test('passes Terraform tokens on without checks', () => {
  const { deployment, container, only, json } = synthServiceOfVariables();
  expect(deployment.metadata).toMatchObject({ namespace: '${var.namespace}' });
  expect(deployment.spec.replicas).toBe('${var.replicas}');
  expect(deployment.spec.template.spec.termination_grace_period_seconds).toBe('${ceil(((var.drain + 30) + 10))}');
  expect(container.resources.requests).toEqual({ cpu: '${var.cpu}', memory: '${var.memory}Mi' });
  expect(container.image).toMatch(/^\$\{var\.repository\}@\$\{docker_registry_image\./);
  expect(only('pod_disruption_budget_v1').spec.max_unavailable).toBe('${var.unavailable}');
  expect(only('service_v1').spec.port[0].port).toBe('${var.port}');
  expect(only('ingress_v1').spec.rule[0].host).toBe('${var.host}');
  expect(deployment.spec.strategy.rolling_update.max_surge).toBe('${var.surge}');
  expect(container.env).toContainEqual({ name: 'SECRET', value: '${var.secret}' });
  expect(deployment.metadata.labels.team).toBe('${var.team}');
  const urls = Object.values<any>(json.output).map(({ value }) => value);
  expect(urls).toContain('http://stack-digits.${var.namespace}.svc:${var.port}');
});

test('Terraform computes threads from CPUs that are tokens', () => {
  const json = synthStack((stack) => {
    const number = (id: string) => new TerraformVariable(stack, id, { type: 'number' }).numberValue;
    const resources = { cpu: number('cpu'), cpuLimit: 'none' as const };
    const serving = { executors: number('executors') };
    new ScalableModelService(stack, 'digits', { model, repository, resources, serving });
  });
  const [{ spec }] = Object.values<any>(json.resource.kubernetes_deployment_v1);
  expect(spec.template.spec.container[0].env).toContainEqual({
    name: 'MODEL_SERVING_THREADS_PER_EXECUTOR',
    value: '${max(1, floor((var.cpu / var.executors)))}',
  });
});

function synthServiceOfVariables() {
  const json = synthStack((stack) => {
    const number = (id: string) => new TerraformVariable(stack, id, { type: 'number' }).numberValue;
    const string = (id: string) => new TerraformVariable(stack, id, { type: 'string' }).stringValue;
    const service = new ScalableModelService(stack, 'digits', {
      model,
      repository: string('repository'),
      namespace: string('namespace'),
      replicas: number('replicas'),
      resources: { cpu: number('cpu'), memoryMiB: number('memory') },
      serving: { drainSeconds: number('drain') },
      disruptionBudget: { maxUnavailable: number('unavailable') },
      service: { port: number('port') },
      rollout: { maxSurge: string('surge') },
      environment: { SECRET: string('secret') },
      labels: { team: string('team') },
    });
    service.exposeViaIngress({ host: string('host'), from: Peers.allNamespaces() });
  });
  const only = (type: string) => Object.values<any>(json.resource[`kubernetes_${type}`])[0];
  const deployment = only('deployment_v1');
  return { deployment, container: deployment.spec.template.spec.container[0], only, json };
}

describe('cases', () => {
  test('T5 an autoscaled Deployment has no replicas', () => {
    const { deployment } = synthService({ model, autoscaling: { maxReplicas: 5 } });
    expect('replicas' in deployment.spec).toBe(false);
    expect(synthService({ model, replicas: 3 }).deployment.spec.replicas).toBe('3');
  });

  test('T11 D7 a new version changes the template and no selector; the same version changes nothing', () => {
    const next = OnnxModel.fromFile(multiplier(folder, 'digits', 3), { version: '4' });
    const [v3, again, v4] = [model, model, next].map((it) => synthService({ model: it }).json);
    expect(again).toEqual(v3);
    const spec = (json: any) => Object.values<any>(json.resource.kubernetes_deployment_v1)[0].spec;
    expect(spec(v4).selector).toEqual(spec(v3).selector);
    expect(spec(v4).template.metadata).not.toEqual(spec(v3).template.metadata);
    expect(spec(v4).template.spec.container[0].env).toContainEqual({
      name: 'MODEL_SERVING_EXPECTED_SHA256',
      value: next.sha256,
    });
    const triggers = (json: any) => Object.values<any>(json.resource.docker_registry_image)[0].triggers;
    expect(triggers(v4)).not.toEqual(triggers(v3));
  });

  test('T2 a different model rebuilds and pushes the image, but a touched file does not', () => {
    const path = multiplier(folder, 'touched', 2);
    const image = () => {
      const { json } = synthService({ model: OnnxModel.fromFile(path) });
      const { name, triggers } = Object.values<any>(json.resource.docker_image)[0];
      expect(Object.values<any>(json.resource.docker_registry_image)[0].triggers).toEqual(triggers);
      return { name, triggers };
    };
    const before = image();
    utimesSync(path, 0, 0);
    expect(image()).toEqual(before);
    multiplier(folder, 'touched', 3);
    const { name, triggers } = image();
    expect(name).not.toBe(before.name);
    expect(triggers.content).not.toBe(before.triggers.content);
  });

  test('D7 no Kubernetes resource refers to the image by its tag', () => {
    const { json } = synthService({ model });
    const resources = Object.entries<any>(json.resource).filter(([type]) => type.startsWith('kubernetes_'));
    expect(JSON.stringify(resources)).not.toContain('ml/digits:');
    expect(Object.values<any>(json.resource.docker_image)[0].name).toMatch(/ml\/digits:[0-9a-f]+$/);
  });

  test('K8 startup and readiness check the model, liveness only the process', () => {
    const { container } = synthService({ model });
    expect(container.startup_probe.http_get.path).toBe('/v2/health/ready');
    expect(container.readiness_probe.http_get.path).toBe('/v2/health/ready');
    expect(container.liveness_probe.http_get.path).toBe('/v2/health/live');
    for (const probe of ['startup_probe', 'readiness_probe', 'liveness_probe']) {
      expect(container[probe].timeout_seconds).toBeGreaterThan(1);
    }
  });

  test('K9 a replica has time to drain, wait and run before it is killed, and stays until a new one is ready', () => {
    const serving = { drainSeconds: 7, queueTimeoutSeconds: 11 };
    const { deployment, template } = synthService({ model, serving });
    expect(template.spec.termination_grace_period_seconds).toBeGreaterThanOrEqual(7 + 11 + 10);
    expect(deployment.spec.strategy.rolling_update.max_unavailable).toBe('0');
  });

  test('K9 the times are ordered: startup, deadline of an update, timeout of an apply', () => {
    const { deployment, container } = synthService({ model });
    const { period_seconds, failure_threshold } = container.startup_probe;
    expect(deployment.spec.progress_deadline_seconds).toBeGreaterThan(period_seconds * failure_threshold);
    expect(parseInt(deployment.timeouts.update)).toBeGreaterThan(deployment.spec.progress_deadline_seconds);
  });

  test('K11 spreading is soft, and counts only pods of this Deployment', () => {
    const { deployment, template } = synthService({ model });
    for (const constraint of template.spec.topology_spread_constraint) {
      expect(constraint.when_unsatisfiable).toBe('ScheduleAnyway');
      expect(constraint.label_selector).toEqual([deployment.spec.selector]);
    }
  });

  test('K12 the memory is both request and limit, and at least what the model needs', () => {
    const large = largeModel(folder, 'large', 300);
    expect(() => synthService({ model: large, resources: { memoryMiB: 256 } })).toThrow(
      'stack/digits: resources.memoryMiB is 256, but model "large" needs at least 461 MiB: 301 MiB for the weights and 160 MiB for the runtime. Raise it to 565, which leaves room for requests, or omit it to use a default that fits. [memory-too-small]',
    );
    const { resources } = synthService({ model: large }).container;
    expect(resources.requests.memory).toBe('1114Mi');
    expect(resources.limits.memory).toBe(resources.requests.memory);
  });
});

test('T1 the plan is the same from any folder', () => {
  const plan = (outdir: string) => {
    mkdirSync(join(folder, outdir, 'models'), { recursive: true });
    const path = multiplier(join(folder, outdir, 'models'), 'digits', 2);
    synthApp(join(folder, outdir, 'out'), (app) => {
      new ScalableModelService(stackWithProviders(app), 'digits', {
        model: OnnxModel.fromFile(path, { version: '3' }),
        repository,
        autoscaling: { maxReplicas: 3 },
      });
    });
    return readFileSync(join(folder, outdir, 'out', 'stacks', 'stack', 'cdk.tf.json'), 'utf8');
  };
  expect(plan('a')).toBe(plan('b'));
});

test.each([
  ['docker', 'kubernetes'],
  ['kubernetes', 'docker/lib/container'],
])('importing %s does not load the provider %s', (entry, provider) => {
  const entryPoint = join(ROOT, 'lib', entry, 'index.ts');
  const script = `require(${JSON.stringify(entryPoint)}); console.log(Object.keys(require.cache).join('\\n'))`;
  const args = ['--require', 'tsx/cjs', '--eval', script];
  const loaded = execFileSync(process.execPath, args, { encoding: 'utf8' });
  expect(loaded).toContain(join('lib', entry, 'index.ts'));
  expect(loaded).not.toContain(`@cdktf/provider-${provider}`);
});

test('K12 every executor has its own weights', () => {
  const large = largeModel(folder, 'copied', 300);
  const serving = { executors: 3 };
  expect(() => synthService({ model: large, serving, resources: { memoryMiB: 1000 } })).toThrow(
    'stack/digits: resources.memoryMiB is 1000, but model "copied" needs at least 1063 MiB: 301 MiB for the weights of each of 3 executors and 160 MiB for the runtime. Raise it to 1167, which leaves room for requests, or omit it to use a default that fits. [memory-too-small]',
  );
  expect(synthService({ model: large, serving }).container.resources.limits.memory).toBe('1716Mi');
});

describe('many services in one stack', () => {
  const models = Array.from({ length: 50 }, (_, i) =>
    OnnxModel.fromFile(multiplier(folder, `many-${i}`, i), { runtimeCheck: 'skip' }),
  );
  const json = synthStack((stack) => {
    for (const [i, own] of models.entries()) {
      const service = new ScalableModelService(stack, `model${i}`, { model: own, repository, replicas: 4 });
      const candidate = OnnxModel.fromFile(own.files[0]!.sourcePath, {
        name: own.name,
        version: '2',
        runtimeCheck: 'skip',
      });
      if (i % 10 === 0) service.addCanary('next', { model: candidate, weight: 20 });
    }
  });
  const all = (type: string) => Object.values<any>(json.resource[`kubernetes_${type}`]);

  test('have images that differ only in the model', () => {
    const withoutModel = models.map((own) =>
      BuildContext.of({ model: own, platform: 'linux/amd64', nodePath: '/usr/local/bin/node' })
        .files.filter(({ path }) => !path.startsWith('model/'))
        .map(({ path, sha256, source }) => ({
          path,
          what: 'content' in source ? String(source.content).replace(/^LABEL .*\n/gm, '') : sha256,
        })),
    );
    expect(withoutModel[0]!.length).toBeGreaterThan(4);
    for (const files of withoutModel) expect(files).toEqual(withoutModel[0]);
  });

  test('have a separate name and selector each', () => {
    expect(new Set(all('deployment_v1').map(({ metadata: { name } }) => name)).size).toBe(55);
    expect(new Set(all('deployment_v1').map(({ spec }) => JSON.stringify(spec.selector))).size).toBe(55);
    for (const [type, path, count] of [
      ['service_v1', (spec: any) => spec.selector, 50],
      ['pod_disruption_budget_v1', (spec: any) => spec.selector.match_labels, 55],
      ['network_policy_v1', (spec: any) => spec.pod_selector.match_labels, 50],
    ] as const) {
      expect(new Set(all(type).map(({ spec }) => JSON.stringify(path(spec)))).size).toBe(count);
    }
  });

  test('have Services, budgets and policies that select only the pods of their own Deployments', () => {
    const deployments = all('deployment_v1');
    for (const type of ['service_v1', 'pod_disruption_budget_v1', 'network_policy_v1']) {
      for (const { metadata, spec } of all(type)) {
        const selector = spec.pod_selector?.match_labels ?? spec.selector.match_labels ?? spec.selector;
        const selected = deployments.filter(({ spec: { template } }) =>
          Object.entries(selector).every(([key, value]) => template.metadata.labels[key] === value),
        );
        // A disruption budget covers one Deployment; a Service or a network policy covers a service and its canary.
        const owner = (name: string) => (type === 'pod_disruption_budget_v1' ? name : name.replace(/-next$/, ''));
        expect(new Set(selected.map((deployment) => owner(deployment.metadata.name)))).toEqual(
          new Set([metadata.name]),
        );
      }
    }
  });
});

describe('rejects', () => {
  const image = InferenceImage.fromRegistry(`registry.example.com/digits@sha256:${'1'.repeat(64)}`, { model });
  const tagged = InferenceImage.fromRegistry('registry.example.com/digits:1', { model });
  test.each<[string, Partial<ScalableModelServiceProps>, string]>([
    [
      'no model',
      {},
      'stack/digits: set exactly one of model (an image is built for it) and image (an existing image). [model-or-image]',
    ],
    [
      'a repository for an existing image',
      { image },
      'stack/digits: repository applies only if an image is built for model, but image is set. Set repository on that InferenceImage instead. [build-with-image]',
    ],
    [
      'no repository',
      { model, repository: undefined },
      "stack/digits: a cluster pulls images from a registry, but repository is not set. Set it without a tag, such as repository: 'registry.example.com/ml/digits', or pass an image that is in a registry. [repository-missing]",
    ],
    [
      'a tag',
      { image: tagged, repository: undefined },
      'stack/digits: image "registry.example.com/digits:1" has a tag instead of a digest. Tags can move, so pods of one Deployment could run different models. Append the digest (@sha256:…). [image-not-pinned]',
    ],
    [
      'a name',
      { model, name: 'Digits' },
      'stack/digits: name "Digits" is not a valid Kubernetes name. Use at most 63 lower-case letters, digits and "-"; start with a letter, and do not end with "-". [resource-name-invalid]',
    ],
    [
      'a namespace',
      { model, namespace: 'ml_' },
      'stack/digits: namespace "ml_" is not a valid Kubernetes name. Use at most 63 lower-case letters, digits and "-"; do not start or end with "-". [resource-name-invalid]',
    ],
    [
      'a label',
      { model, labels: { team: 'two words' } },
      'stack/digits: labels has "team: two words", which is not a valid Kubernetes label. Use up to 63 letters, digits, "-", "_" and "." for the key and for the value; both must start and end with a letter or digit. A DNS name and "/" may precede the key. [label-invalid]',
    ],
    [
      'a reserved label',
      { model, pod: { labels: { 'app.kubernetes.io/name': 'x' } } },
      'stack/digits: pod.labels sets "app.kubernetes.io/name", which is reserved for the construct. Use a different key. [label-reserved]',
    ],
    ...['annotations', 'pod', 'service'].map((prop): [string, Partial<ScalableModelServiceProps>, string] => [
      `a reserved annotation in ${prop}`,
      {
        model,
        [prop]:
          prop === 'annotations' ? { 'model-serving/sha256': 'x' } : { annotations: { 'model-serving/sha256': 'x' } },
      },
      `stack/digits: ${prop === 'annotations' ? prop : `${prop}.annotations`} sets "model-serving/sha256", which is reserved for the construct. Use a different key. [label-reserved]`,
    ]),
    [
      'a reserved node label',
      { model, pod: { nodeSelector: { 'kubernetes.io/arch': 'arm64' } } },
      'stack/digits: pod.nodeSelector sets "kubernetes.io/arch", which is reserved for the construct. Use a different key. [label-reserved]',
    ],
    [
      'an invalid node label',
      { model, pod: { nodeSelector: { 'a b': 'x' } } },
      'stack/digits: pod.nodeSelector has "a b: x", which is not a valid Kubernetes label.',
    ],
    [
      'replicas and autoscaling',
      { model, replicas: 2, autoscaling: { maxReplicas: 4 } },
      'stack/digits: replicas and autoscaling are both set. Set only replicas, for a fixed number of replicas, or only autoscaling. [replicas-with-autoscaling]',
    ],
    [
      'replicas',
      { model, replicas: 0 },
      'stack/digits: replicas is 0. Use a whole number of at least 1. [not-positive]',
    ],
    [
      'bounds',
      { model, autoscaling: { minReplicas: 5, maxReplicas: 4 } },
      'stack/digits: autoscaling.minReplicas is 5, but maxReplicas is only 4. Lower minReplicas or raise maxReplicas. [replica-bounds]',
    ],
    [
      'the default minimum above the maximum',
      { model, autoscaling: { maxReplicas: 1 } },
      'stack/digits: autoscaling.minReplicas is 2, but maxReplicas is only 1.',
    ],
    [
      'no target',
      { model, autoscaling: { maxReplicas: 4, target: [] } },
      'stack/digits: autoscaling.target is an empty list. Set at least one ScalingTarget, or omit target for 70 % CPU utilization. [scaling-targets-missing]',
    ],
    [
      'a duplicate target',
      {
        model,
        autoscaling: { maxReplicas: 4, target: [ScalingTarget.cpuUtilization(50), ScalingTarget.cpuUtilization(60)] },
      },
      'stack/digits: autoscaling.target has two targets for cpu. Remove one of them. [scaling-target-twice]',
    ],
    [
      'an invalid target value',
      { model, autoscaling: { maxReplicas: 4, target: ScalingTarget.cpuUtilization(0.7) } },
      'stack/digits: the target for cpu is 0.7. Use an integer above 0. [scaling-target-value]',
    ],
    [
      'an invalid metric value',
      { model, autoscaling: { maxReplicas: 4, target: ScalingTarget.inFlightPerReplica(0) } },
      'stack/digits: the target for inference_in_flight is 0. Use a number above 0. [scaling-target-value]',
    ],
    [
      'an invalid wait before scaling down',
      { model, autoscaling: { maxReplicas: 4, scaleDownAfterSeconds: 4000 } },
      'stack/digits: autoscaling.scaleDownAfterSeconds is 4000. Use an integer from 0 to 3600. [scale-down-invalid]',
    ],
    [
      'K1 autoscaling on CPU without a CPU request',
      { model, autoscaling: { maxReplicas: 4 }, resources: { cpu: 'none' } },
      'stack/digits: autoscaling on CPU needs a CPU request, but resources.cpu is "none". Set a number of CPUs, or use a target such as ScalingTarget.inFlightPerReplica(4). [cpu-request-missing]',
    ],
    [
      'CPUs',
      { model, resources: { cpu: 0 } },
      'stack/digits: resources.cpu is 0. Use at least 0.001 CPUs, such as 0.5 or 2, or "none". [cpus-out-of-range]',
    ],
    [
      'a CPU limit below the request',
      { model, resources: { cpuLimit: 0.5 } },
      'stack/digits: resources.cpuLimit is 0.5, but resources.cpu is 1. Raise the limit, or omit it to use the value of resources.cpu. [cpu-limit-below-request]',
    ],
    [
      'T7 a fraction of a MiB',
      { model, resources: { memoryMiB: 1126.4 } },
      'stack/digits: resources.memoryMiB is 1126.4. Use a whole number of at least 1. [not-positive]',
    ],
    [
      'two bounds of a budget',
      { model, disruptionBudget: { maxUnavailable: 1, minAvailable: 1 } },
      'stack/digits: disruptionBudget has both maxUnavailable and minAvailable, but Kubernetes accepts only one. If in doubt, keep maxUnavailable. [disruption-budget-both]',
    ],
    [
      'an invalid budget',
      { model, disruptionBudget: { maxUnavailable: 'half' } },
      'stack/digits: disruptionBudget.maxUnavailable is "half". Use a number of replicas, or a percentage such as "25%". [disruption-budget-invalid]',
    ],
    [
      'K3 a budget that blocks at one replica',
      { model, replicas: 1, disruptionBudget: { minAvailable: 1 } },
      'stack/digits: disruptionBudget.minAvailable is 1, but the service may have only 1 replica, so no replica could ever be evicted and no node drained. Use maxUnavailable: 1, or more replicas. [disruption-budget-blocks]',
    ],
    [
      'K3 a budget that blocks at the minimum of an autoscaler',
      { model, autoscaling: { minReplicas: 2, maxReplicas: 9 }, disruptionBudget: { minAvailable: '51%' } },
      'stack/digits: disruptionBudget.minAvailable is "51%", but the service may have only 2 replicas, so no replica could ever be evicted and no node drained. Use maxUnavailable: 1, or more replicas. [disruption-budget-blocks]',
    ],
    [
      'a surge of 0',
      { model, rollout: { maxSurge: 0 } },
      'stack/digits: rollout.maxSurge is 0. Use at least 1 replica, or a percentage such as "25%": updates add new replicas before they remove old ones. [surge-invalid]',
    ],
    [
      'a deadline before the end of the startup time',
      { model, rollout: { startupSeconds: 100, progressDeadlineSeconds: 100 } },
      'stack/digits: rollout.progressDeadlineSeconds is 100, but it must be more than startupSeconds, which is 100. Otherwise, updates would fail while replicas are still starting. Raise it to at least 101, or omit it. [progress-deadline-too-short]',
    ],
    [
      'a port',
      { model, service: { port: 70000 } },
      'stack/digits: service.port is 70000. Use an integer from 1 to 65535. [port-out-of-range]',
    ],
    [
      'an invalid port for gRPC',
      { model, service: { grpcPort: 0.5 } },
      'stack/digits: service.grpcPort is 0.5. Use an integer from 1 to 65535. [port-out-of-range]',
    ],
    [
      'one port for both protocols',
      { model, service: { port: 8081 } },
      'stack/digits: service.port and service.grpcPort are both 8081. Use different ports. [ports-equal]',
    ],
    [
      'a port for gRPC of a headless service',
      { model, service: { grpcPort: 9000, headless: true } },
      'stack/digits: service.grpcPort is 9000, but clients of a headless service connect directly to the replicas, which listen on 8081. Remove grpcPort. [headless-port]',
    ],
    [
      'a port of a headless service',
      { model, service: { port: 80, headless: true } },
      'stack/digits: service.port is 80, but clients of a headless service connect directly to the replicas, which listen on 8080. Remove port. [headless-port]',
    ],
    [
      'a reserved environment variable',
      { model, environment: { MODEL_SERVING_EXECUTORS: '2' } },
      'stack/digits: environment sets MODEL_SERVING_EXECUTORS, but variables that start with MODEL_SERVING_ are reserved for the server. Use the prop serving instead. [environment-reserved]',
    ],
    [
      'an invalid name of an environment variable',
      { model, environment: { '9': 'x' } },
      'stack/digits: environment contains the variable "9", whose name is invalid. Use letters, digits, "_", "." and "-", and start the name with a letter or "_". [environment-name-invalid]',
    ],
    [
      'memory for the weights but not for the runtime',
      { model, resources: { memoryMiB: 100 } },
      'stack/digits: resources.memoryMiB is 100, but model "digits" needs at least 161 MiB: 1 MiB for the weights and 160 MiB for the runtime. Raise it to 265, which leaves room for requests, or omit it to use a default that fits. [memory-too-small]',
    ],
    [
      'build options for an existing image',
      { image, repository: undefined, build: { platform: 'linux/arm64' } },
      'stack/digits: build applies only if an image is built for model, but image is set. Set build on that InferenceImage instead. [build-with-image]',
    ],
    [
      'an invalid serving option',
      { model, serving: { executors: 0 } },
      'stack/digits: serving.executors is 0. Too small: expected number to be >=1. [serving-option-invalid]',
    ],
  ])('%s', (_what, props, message) => {
    expect(() => synthService(props)).toThrow(message);
  });

  test('a label of Kubernetes objects that is not reserved here', () => {
    const { deployment } = synthService({ model, labels: { constructor: 'x' } as unknown as Record<string, string> });
    expect(deployment.metadata.labels.constructor).toBe('x');
  });

  test('a Terraform token for a time that determines others', () => {
    expect(() => synthService({ model, rollout: { startupSeconds: Token.asNumber({ resolve: () => 1 }) } })).toThrow(
      'stack/digits: rollout.startupSeconds is a Terraform token, but the synthesized files depend on its value. Pass a plain value. [must-be-known-at-synth]',
    );
  });

  test('all problems at once', () => {
    const props = { model, name: '', replicas: 0, resources: { cpu: -1 } };
    expect(() => synthService(props)).toThrow(/resource-name-invalid\]\n.*not-positive\]\n.*cpus-out-of-range\]/);
  });

  test('an image that was not pushed', () => {
    expect(() =>
      synthStack((stack) => {
        const built = new InferenceImage(stack, 'image', { model });
        new ScalableModelService(stack, 'digits', { image: built });
      }),
    ).toThrow(
      'stack/digits: image is stored only on the engine that builds it, so the cluster cannot pull it. Set repository on that InferenceImage. [image-not-pushed]',
    );
  });

  test('two services with one name, unless their namespaces differ', () => {
    const services = (namespace: string) =>
      synthStack((stack) => {
        new ScalableModelService(stack, 'a', { model, repository, name: 'digits' });
        new ScalableModelService(stack, 'b', { model, repository, name: 'digits', namespace });
      });
    expect(() => services('default')).toThrow(
      'stack/b: the name "digits" in namespace "default" is already used by stack/a. Change the name or namespace of one of them. [name-taken]',
    );
    expect(() => services('other')).not.toThrow();
  });
});
