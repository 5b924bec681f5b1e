import { TerraformStack, Testing } from 'cdktf';
import { OnnxModel } from 'cdktf-model-serving';
import * as ts from 'typescript';
import { ROOT } from '../support/root';
import { program, snippets } from '../docs/snippet';
import { multiplier } from '../support/models';
import { temporaryFolder } from '../support/temporary-folder';

const model = OnnxModel.fromFile(multiplier(temporaryFolder(), 'digits', 2));

/** Synthesizes the snippet in docs/kubernetes.md that contains the given text, and returns its resources. */
function synthSnippet(text: string): any {
  const found = snippets(ROOT).filter(
    ({ place, code }) => place.startsWith('docs/kubernetes.md:') && code.includes(text),
  );
  expect(found).toHaveLength(1);
  const module = ts.ModuleKind.CommonJS;
  const { outputText } = ts.transpileModule(program(found[0]!), { compilerOptions: { module } });
  const exported: { Page?: new (...args: unknown[]) => TerraformStack } = {};
  new Function('require', 'exports', 'model', outputText)(require, exported, model);
  return JSON.parse(Testing.synth(new exported.Page!(Testing.app(), 'stack'))).resource;
}

/** Specs of the planned network policies, by name, and the labels of the service's pods. */
function planned(text: string) {
  const resource = synthSnippet(text);
  const policies = Object.values<any>(resource.kubernetes_network_policy_v1);
  const [deployment] = Object.values<any>(resource.kubernetes_deployment_v1);
  return {
    policies: Object.fromEntries(
      policies.map(({ metadata, spec }) => [`${metadata.namespace}/${metadata.name}`, spec]),
    ),
    pod: deployment.spec.template.metadata.labels,
  };
}

const namespace = (name: string) => ({
  namespace_selector: { match_labels: { 'kubernetes.io/metadata.name': name } },
});
const tcp = (port: string) => ({ port, protocol: 'TCP' });
const selector = { 'app.kubernetes.io/name': 'model-serving', 'app.kubernetes.io/instance': 'stack-digits' };

test('K13 a sidecar reaches only its control plane and DNS', () => {
  const { policies, pod } = planned('15012');
  expect(policies).toEqual({
    'default/stack-digits': {
      pod_selector: { match_labels: selector },
      policy_types: ['Ingress', 'Egress'],
      ingress: [{ from: [namespace('front')], ports: [tcp('8080'), tcp('8081')] }],
      egress: [
        {
          to: [{ ...namespace('istio-system'), pod_selector: { match_labels: { app: 'istiod' } } }],
          ports: [tcp('15012')],
        },
        { ports: [{ port: '53', protocol: 'UDP' }, tcp('53')] },
      ],
    },
  });
  expect(pod).toMatchObject({ ...selector, 'sidecar.istio.io/inject': 'true' });
});

test('K13 in ambient mode the tunnel and probes may enter, and nothing may leave', () => {
  const { policies, pod } = planned('15008');
  expect(policies).toEqual({
    'default/stack-digits': {
      pod_selector: { match_labels: selector },
      policy_types: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [namespace('front'), { ip_block: { cidr: '169.254.7.127/32' } }],
          ports: [tcp('8080'), tcp('8081')],
        },
      ],
      egress: [],
    },
    'default/stack-digits-tunnel': {
      pod_selector: { match_labels: { 'app.kubernetes.io/instance': 'stack-digits' } },
      policy_types: ['Ingress'],
      ingress: [{ from: [namespace('front')], ports: [tcp('15008')] }],
    },
  });
  expect(pod).toMatchObject({
    'app.kubernetes.io/instance': 'stack-digits',
    'istio.io/dataplane-mode': 'ambient',
  });
});
