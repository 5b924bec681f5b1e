import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, type TerraformStack, TerraformVariable } from 'cdktf';
import { OnnxModel } from 'cdktf-model-serving';
import {
  InferenceDashboard,
  ScalableModelService,
  type ScalableModelServiceProps,
} from 'cdktf-model-serving/kubernetes';
import { multiplier } from '../support/models';
import { stackWithProviders, synthStack } from '../support/synth';
import { temporaryFolder } from '../support/temporary-folder';

const path = multiplier(temporaryFolder(), 'digits', 2);
const model = OnnxModel.fromFile(path);
const candidate = OnnxModel.fromFile(path, { version: '2' });
const repository = 'registry.example.com/d';

function service(stack: TerraformStack, id: string, props: Partial<ScalableModelServiceProps> = {}) {
  return new ScalableModelService(stack, id, { model, repository, replicas: 4, ...props });
}

const taken = (where: string, name: string, owner: string) =>
  `${where}: the name "${name}" in namespace "default" is already used by ${owner}. Change the name or namespace of one of them. [name-taken]`;

const deployments = (json: any) =>
  Object.values<any>(json.resource.kubernetes_deployment_v1).map(({ metadata }) => metadata.name);

describe('T10 two resources with one name are rejected:', () => {
  test('two services', () => {
    expect(() =>
      synthStack((stack) => {
        service(stack, 'a');
        service(stack, 'b', { name: 'stack-a' });
      }),
    ).toThrow(taken('stack/b', 'stack-a', 'stack/a'));
  });

  test('a service and a canary, in either order', () => {
    expect(() =>
      synthStack((stack) => {
        service(stack, 'a').addCanary('next', { model: candidate, weight: 20 });
        service(stack, 'b', { name: 'stack-a-next' });
      }),
    ).toThrow(taken('stack/b', 'stack-a-next', 'stack/a/next'));
    expect(() =>
      synthStack((stack) => {
        service(stack, 'b', { name: 'stack-a-next' });
        service(stack, 'a').addCanary('next', { model: candidate, weight: 20 });
      }),
    ).toThrow(taken('stack/a/next', 'stack-a-next', 'stack/b'));
  });

  test('two canaries', () => {
    expect(() =>
      synthStack((stack) => {
        service(stack, 'one', { name: 'a' }).addCanary('b-c', { model: candidate, weight: 20 });
        service(stack, 'other', { name: 'a-b' }).addCanary('c', { model: candidate, weight: 20 });
      }),
    ).toThrow(taken('stack/other/c', 'a-b-c', 'stack/one/b-c'));
  });

  test('two dashboards', () => {
    expect(() =>
      synthStack((stack) => {
        new InferenceDashboard(stack, 'a');
        new InferenceDashboard(stack, 'b', { name: 'stack-a' });
      }),
    ).toThrow(taken('stack/b', 'stack-a', 'stack/a'));
  });

  test('with the default provider, passed explicitly by one of them', () => {
    const stack = stackWithProviders(new App());
    service(stack, 'a');
    const provider = stack.node.findChild('kubernetes') as KubernetesProvider;
    expect(() => service(stack, 'b', { name: 'stack-a', provider })).toThrow(taken('stack/b', 'stack-a', 'stack/a'));
  });
});

test('resources of other kinds, namespaces, providers and stacks have separate names', () => {
  const app = new App();
  const stack = stackWithProviders(app);
  const provider = new KubernetesProvider(stack, 'elsewhere', { alias: 'elsewhere' });
  expect(() => {
    service(stack, 'a', { name: 'digits' });
    service(stack, 'b', { name: 'digits', namespace: 'other' });
    service(stack, 'c', { name: 'digits', provider });
    service(stackWithProviders(app, 'production'), 'a', { name: 'digits' });
    new InferenceDashboard(stack, 'dashboard', { name: 'digits' });
    new InferenceDashboard(stack, 'elsewhere-too', { name: 'digits', provider });
  }).not.toThrow();
});

test('names that are Terraform tokens are not compared', () => {
  expect(() =>
    synthStack((stack) => {
      const name = new TerraformVariable(stack, 'name', { type: 'string' }).stringValue;
      service(stack, 'a', { name });
      service(stack, 'b', { name });
    }),
  ).not.toThrow();
});

test('T10 shortened names differ if the ids differ in any character', () => {
  const long = 'x'.repeat(70);
  const names = deployments(
    synthStack((stack) => {
      for (const end of ['a', 'b']) service(stack, long + end);
      for (const end of ['a', 'b']) {
        const owner = service(stack, end, { name: `${'y'.repeat(62)}${end}` });
        owner.addCanary('next', { model: candidate, weight: 20 });
      }
    }),
  );
  const cut = [/^stack-x{48}-[0-9a-f]{8}$/, /^y{54}-[0-9a-f]{8}$/];
  expect(cut.map((pattern) => names.filter((name) => pattern.test(name)).length)).toEqual([2, 2]);
  expect(new Set(names).size).toBe(6);
});

test('T10 derived names differ if their paths join to the same text', () => {
  const names = deployments(
    synthStack((stack) => {
      for (const id of ['a-b-c', 'a.b-c', 'A-b-c']) service(stack, id);
    }),
  );
  expect(new Set(names).size).toBe(3);
});

test.each(['service', 'deployment', 'url'])('a canary cannot have the id of a part of the service: %s', (id) => {
  expect(() => synthStack((stack) => service(stack, 'digits').addCanary(id, { model: candidate, weight: 20 }))).toThrow(
    `stack/digits/${id}: the service already has a construct with the id "${id}". Use a different id for the canary, such as "next". [canary-id-taken]`,
  );
});
