import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { type TerraformStack, TerraformVariable } from 'cdktf';
import { OnnxModel } from 'cdktf-model-serving';
import { type IngressOptions, Peers, ScalableModelService } from 'cdktf-model-serving/kubernetes';
import { multiplier } from '../support/models';
import { synthService } from '../support/service';
import { only, synthStack } from '../support/synth';
import { temporaryFolder } from '../support/temporary-folder';

const model = OnnxModel.fromFile(multiplier(temporaryFolder(), 'digits', 2));
const from = Peers.namespace('ingress-nginx');

function exposed(options: Omit<IngressOptions, 'from'>) {
  const { construct, json, only } = synthService({ model }, (service) =>
    service.exposeViaIngress({ from, ...options }),
  );
  const [, url] = Object.entries<any>(json.output).find(([id]) => id.includes('external-url'))!;
  return { construct, ingress: only('ingress_v1'), policy: only('network_policy_v1').spec, url: url.value };
}

test('minimal options route all paths of a host, by http, to the named port of the Service', () => {
  const { construct, ingress, url } = exposed({ host: 'digits.example.com' });
  const service = {
    name: expect.stringMatching(/^\$\{kubernetes_service_v1\.digits_service_\w+\.metadata\[0\]\.name\}$/),
    port: { name: 'http' },
  };
  expect(ingress.metadata).toMatchObject({ name: 'stack-digits', namespace: 'default' });
  expect(ingress.spec).toEqual({
    rule: [{ host: 'digits.example.com', http: { path: [{ path: '/', path_type: 'Prefix', backend: { service } }] } }],
  });
  expect(url).toBe('http://digits.example.com');
  expect(construct.ingress).toBeDefined();
});

test('lets in the controller, in addition to existing peers', () => {
  expect(exposed({ host: 'digits.example.com' }).policy.ingress[0].from).toEqual([
    { pod_selector: {} },
    { namespace_selector: { match_labels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } } },
  ]);
});

test('creates no Ingress unless exposed', () => {
  expect(synthService({ model }).construct.ingress).toBeUndefined();
});

test.each<[Omit<IngressOptions, 'from'>, string]>([
  [{ host: 'a.example.com', path: '/' }, 'http://a.example.com'],
  [{ host: 'a.example.com', path: '/v2/models/digits' }, 'http://a.example.com/v2/models/digits'],
  [{ host: 'a.example.com', path: '/v2/' }, 'http://a.example.com/v2'],
  [{ host: 'a.example.com', tls: { secretName: 'certificate' } }, 'https://a.example.com'],
])('%j has the URL %s', (options, url) => {
  expect(exposed(options).url).toBe(url);
});

test('accepts a host and path that are Terraform tokens', () => {
  const json = synthStack((stack) => {
    const string = (id: string) => new TerraformVariable(stack, id, { type: 'string' }).stringValue;
    const service = new ScalableModelService(stack, 'digits', { model, repository: 'registry.example.com/d' });
    service.exposeViaIngress({ host: string('host'), path: string('path'), from });
  });
  const [rule] = only(json, 'kubernetes_ingress_v1').spec.rule;
  expect([rule.host, rule.http.path[0].path]).toEqual(['${var.host}', '${var.path}']);
  const urls = Object.values<any>(json.output).map(({ value }) => value);
  expect(urls).toContain('http://${var.host}${var.path}');
});

test.each(['digits.example.com', '*.example.com'])('host %s, which the server accepts', (host) => {
  const serving = { allowedHosts: ['Digits.example.com'] };
  expect(() => synthService({ model, serving }, (service) => service.exposeViaIngress({ host, from }))).not.toThrow();
});

test.each(['digits', 'digits.example.com', '*.example.com', `${'a'.repeat(63)}.example.com`])('host %s', (host) => {
  expect(exposed({ host }).ingress.spec.rule[0].host).toBe(host);
});

describe('T10 two services on one host and path', () => {
  interface Exposed extends Partial<Omit<IngressOptions, 'from'>> {
    readonly namespace?: string;
    readonly provider?: KubernetesProvider;
  }

  /** Creates and exposes one service for each of the given options. */
  function expose(stack: TerraformStack, ...given: Exposed[]): void {
    given.forEach(({ namespace, provider, ...options }, i) => {
      const props = { model, repository: 'registry.example.com/d', namespace, provider };
      const service = new ScalableModelService(stack, `service${i}`, props);
      service.exposeViaIngress({ host: 'a.example.com', from, ...options });
    });
  }

  const taken = (path: string) =>
    `stack/service1: host "a.example.com" with path "${path}" is already used by stack/service0. Change the host or path of one of them. [route-taken]`;

  test.each<[Exposed, Exposed, string]>([
    [{}, {}, '/'],
    [{}, { namespace: 'other' }, '/'],
    [{ path: '/' }, {}, '/'],
    [{ path: '/v2/models/digits' }, { path: '/v2/models/digits' }, '/v2/models/digits'],
    [{ path: '/v2/models/digits' }, { path: '/v2/models/digits/' }, '/v2/models/digits/'],
    [{ tls: { secretName: 'certificate' } }, { annotations: { a: 'b' } }, '/'],
    [{ className: 'nginx' }, { className: 'nginx' }, '/'],
  ])('%j and %j are rejected', (one, other, path) => {
    expect(() => synthStack((stack) => expose(stack, one, other))).toThrow(taken(path));
  });

  test.each<[Exposed, Exposed]>([
    [{}, { host: 'b.example.com' }],
    [{}, { host: '*.example.com' }],
    [{}, { path: '/v2/models/digits' }],
    [{ path: '/v2/models/digits' }, { path: '/v2/models/digits2' }],
    [{ className: 'internal' }, { className: 'external' }],
    [{}, { className: 'external' }],
  ])('%j and %j are accepted', (one, other) => {
    expect(() => synthStack((stack) => expose(stack, one, other))).not.toThrow();
  });

  test('Terraform tokens and other providers are accepted', () => {
    expect(() =>
      synthStack((stack) => {
        const text = new TerraformVariable(stack, 'text', { type: 'string' }).stringValue;
        const provider = new KubernetesProvider(stack, 'elsewhere', { alias: 'elsewhere' });
        expose(stack, { host: text }, { host: text }, { path: text }, { path: text }, {}, { provider });
      }),
    ).not.toThrow();
  });
});

describe('rejects', () => {
  test.each([
    'https://digits.example.com',
    'digits.example.com:443',
    'Digits.example.com',
    'digits_1.example.com',
    '*.*.example.com',
    'digits.*.com',
    '*',
    '',
    '10.0.0.1',
    `${'a'.repeat(64)}.example.com`,
    `${'a.'.repeat(127)}com`,
  ])('host %s', (host) => {
    expect(() => exposed({ host })).toThrow(
      `stack/digits: host "${host}" is not a valid DNS name. Use a lower-case name without scheme or port, such as digits.example.com. [host-invalid]`,
    );
  });

  test.each(['v2', '', '//', '/v2//a', '/v2/./a', '/v2/../a', '/v2/..', '/v2/.', '/v2%2fa', '/%2F'])(
    'path "%s"',
    (path) => {
      expect(() => exposed({ host: 'a.example.com', path })).toThrow(
        `stack/digits: path "${path}" is not a path that Kubernetes accepts: it must start with "/" and must not contain "//", "%2F", or the segments "." or "..". Use a path of the server, such as /v2/models/digits. [path-invalid]`,
      );
    },
  );

  test.each(['digits.example.com', '*.example.com'])('host %s, which the server does not accept', (host) => {
    const serving = { allowedHosts: ['stack-digits.default.svc', 'other.example.org'] };
    expect(() => synthService({ model, serving }, (service) => service.exposeViaIngress({ host, from }))).toThrow(
      `stack/digits: host "${host}" is not among serving.allowedHosts (stack-digits.default.svc, other.example.org), so the server would reject requests from the Ingress with 403. Add the host to that list. [host-not-allowed]`,
    );
  });

  test('all problems at once', () => {
    expect(() => exposed({ host: 'A', path: 'v2' })).toThrow(/host-invalid\]\n.*path-invalid\]$/);
  });

  test('a second Ingress', () => {
    const options = { host: 'a.example.com', from };
    expect(() =>
      synthService({ model }, (service) => {
        service.exposeViaIngress(options);
        service.exposeViaIngress(options);
      }),
    ).toThrow(
      'stack/digits: the service is already exposed via an Ingress. Add rules to its ingress with an override, or create your own IngressV1. [exposed-twice]',
    );
  });
});
