import { TerraformVariable } from 'cdktf';
import { OnnxModel } from 'cdktf-model-serving';
import { type NetworkOptions, type Peer, Peers, ScalableModelService } from 'cdktf-model-serving/kubernetes';
import { multiplier } from '../support/models';
import { synthService } from '../support/service';
import { only, synthStack } from '../support/synth';
import { temporaryFolder } from '../support/temporary-folder';

const model = OnnxModel.fromFile(multiplier(temporaryFolder(), 'digits', 2));

function policy(network: NetworkOptions, extend?: (service: ScalableModelService) => void) {
  const { only, template } = synthService({ model, network }, extend);
  return { ...only('network_policy_v1').spec, annotations: template.metadata.annotations };
}

const namespace = (name: string) => ({
  namespace_selector: { match_labels: { 'kubernetes.io/metadata.name': name } },
});
const api = [
  { port: '8080', protocol: 'TCP' },
  { port: '8081', protocol: 'TCP' },
];

test.each<[string, () => unknown, string]>([
  [
    'a missing name',
    () => Peers.namespace(undefined as never),
    "{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': undefined } } }",
  ],
  [
    'labels without a value',
    () => Peers.pods({ app: undefined as never }),
    '{ podSelector: { matchLabels: { app: undefined } } }',
  ],
  ['no addresses', () => Peers.cidr(undefined as never), '{ ipBlock: { cidr: undefined, except: undefined } }'],
  ['a string', () => 'ingress-nginx', "'ingress-nginx'"],
  ['nothing', () => undefined, 'undefined'],
  ['an object that is not a peer', () => ({ namespace: 'front' }), "{ namespace: 'front' }"],
])('rejects a peer that would let everyone in: %s', (_, make, shown) => {
  const peer = make() as Peer;
  const error = (prop: string) =>
    `stack/digits: ${prop} contains ${shown}, which is not a peer. Create one with Peers, such as Peers.namespace('ingress-nginx'). [peer-invalid]`;
  expect(() => policy({ from: [peer] })).toThrow(error('network.from'));
  expect(() => policy({ scrapers: [peer] })).toThrow(error('network.scrapers'));
  expect(() => policy({ egress: [{ to: peer }] })).toThrow(error('network.egress'));
  expect(() => policy({}, (service) => service.allowFrom(peer))).toThrow(error('allowFrom'));
  expect(() => policy({}, (service) => service.exposeViaIngress({ host: 'a.example.com', from: peer }))).toThrow(
    error('from'),
  );
});

test.each<[unknown, string]>([
  ['ingress-nginx', "'ingress-nginx'"],
  [Peers.sameNamespace(), '{ podSelector: {} }'],
  [{}, '{}'],
  [null, 'null'],
])('rejects a value that is not a list, and shows it: %j', (value, shown) => {
  const error = (prop: string, what: string, example: string) =>
    `stack/digits: ${prop} is ${shown}, which is not a list of ${what}. Use a list, such as [${example}]. [peer-invalid]`;
  const given = value as never;
  expect(() => policy({ from: given })).toThrow(error('network.from', 'peers', "Peers.namespace('front')"));
  expect(() => policy({ scrapers: given })).toThrow(error('network.scrapers', 'peers', "Peers.namespace('front')"));
  expect(() => policy({ egress: given })).toThrow(
    error('network.egress', 'rules', "{ to: Peers.namespace('telemetry') }"),
  );
});

test.each([undefined, null, {}, Peers.sameNamespace()])('rejects an egress rule without a peer: %j', (rule) => {
  expect(() => policy({ egress: [rule as never] })).toThrow(
    "stack/digits: network.egress contains undefined, which is not a peer. Create one with Peers, such as Peers.namespace('ingress-nginx'). [peer-invalid]",
  );
});

test('accepts every kind of peer', () => {
  const from = [
    Peers.sameNamespace(),
    Peers.namespace('front'),
    Peers.allNamespaces(),
    Peers.pods({ app: 'a' }),
    Peers.pods({ app: 'a' }, 'front'),
    Peers.cidr('10.0.0.0/8', ['10.1.0.0/16']),
  ];
  const app = { pod_selector: { match_labels: { app: 'a' } } };
  expect(policy({ from }).ingress).toEqual([
    {
      from: [
        { pod_selector: {} },
        namespace('front'),
        { namespace_selector: {} },
        app,
        { ...namespace('front'), ...app },
        { ip_block: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } },
      ],
      ports: api,
    },
  ]);
});

test('an empty list lets nobody in', () => {
  expect(policy({ from: [] }).ingress).toEqual([]);
});

test('lets in peers that are added later, and the ingress controller', () => {
  const { ingress } = policy({ from: [] }, (service) => {
    service.allowFrom(Peers.namespace('a'), Peers.namespace('b'));
    service.exposeViaIngress({ host: 'a.example.com', from: Peers.namespace('ingress') });
  });
  expect(ingress).toEqual([{ from: [namespace('a'), namespace('b'), namespace('ingress')], ports: api }]);
});

test('scrapers reach only metrics, and add the annotations', () => {
  const { ingress, annotations } = policy({ scrapers: [Peers.namespace('monitoring')] });
  expect(ingress).toEqual([
    { from: [{ pod_selector: {} }], ports: api },
    { from: [namespace('monitoring')], ports: [{ port: '8082', protocol: 'TCP' }] },
  ]);
  expect(annotations).toMatchObject({ 'prometheus.io/scrape': 'true', 'prometheus.io/port': '8082' });
  expect(Object.keys(policy({}).annotations).some((key) => key.startsWith('prometheus'))).toBe(false);
});

test('accepts a namespace and a port that are Terraform tokens', () => {
  const json = synthStack((stack) => {
    const to = Peers.namespace(new TerraformVariable(stack, 'namespace', { type: 'string' }).stringValue);
    const port = new TerraformVariable(stack, 'port', { type: 'number' }).numberValue;
    const network = { from: [to], egress: [{ to, ports: [port] }] };
    new ScalableModelService(stack, 'digits', { model, repository: 'registry.example.com/d', network });
  });
  const { ingress, egress } = only(json, 'kubernetes_network_policy_v1').spec;
  expect(ingress).toEqual([{ from: [namespace('${var.namespace}')], ports: api }]);
  expect(egress[0]).toEqual({ to: [namespace('${var.namespace}')], ports: [{ port: '${var.port}', protocol: 'TCP' }] });
});

describe('K4 egress', () => {
  const dns = {
    ports: [
      { port: '53', protocol: 'UDP' },
      { port: '53', protocol: 'TCP' },
    ],
  };
  const egress = [{ to: Peers.namespace('telemetry'), ports: [4317, 4318] }, { to: Peers.cidr('10.0.0.0/8') }];
  const rules = [
    {
      to: [namespace('telemetry')],
      ports: [
        { port: '4317', protocol: 'TCP' },
        { port: '4318', protocol: 'TCP' },
      ],
    },
    { to: [{ ip_block: { cidr: '10.0.0.0/8' } }] },
  ];

  test('is empty by default, without DNS', () => {
    expect(policy({})).toMatchObject({ policy_types: ['Ingress', 'Egress'], egress: [] });
  });

  test('to a destination adds DNS', () => {
    expect(policy({ egress }).egress).toEqual([...rules, dns]);
  });

  test('to addresses only', () => {
    expect(policy({ egress, dns: false }).egress).toEqual(rules);
  });

  test('with an empty list of ports opens no port', () => {
    expect(policy({ egress: [{ to: Peers.namespace('telemetry'), ports: [] }] }).egress).toEqual([]);
  });

  test('to DNS only', () => {
    expect(policy({ dns: true }).egress).toEqual([dns]);
  });
});
