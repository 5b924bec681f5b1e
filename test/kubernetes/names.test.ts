import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, type TerraformStack, TerraformVariable } from 'cdktf';
import { OnnxModel } from 'cdktf-model-serving';
import {
  InferenceDashboard,
  ScalableModelService,
  type ScalableModelServiceProps,
} from 'cdktf-model-serving/kubernetes';
import * as fc from 'fast-check';
import { defaultResourceName, isLabel, isResourceName, labelValue, memberName } from '../../lib/kubernetes/names';
import { multiplier } from '../support/models';
import { stackWithProviders, synthStack } from '../support/synth';
import { temporaryFolder } from '../support/temporary-folder';

/** Paths of constructs, made of ids that are valid but sometimes hostile. */
const id = fc.oneof(
  fc.stringMatching(/^[a-z0-9-]{1,5}$/),
  fc.string({ minLength: 1, maxLength: 90 }).map((text) => text.replaceAll('/', '--')),
);
const path = fc.array(id, { minLength: 1, maxLength: 4 }).map((ids) => ids.join('/'));

test.each([
  ['stack/digits', 'stack-digits'],
  ['my-stack/digits', 'my-stack-digits'],
  ['stack/digits-v2', expect.stringMatching(/^stack-digits-v2-[0-9a-f]{8}$/)],
  ['Stack/Digits', expect.stringMatching(/^stack-digits-[0-9a-f]{8}$/)],
  ['stack/team/digits', expect.stringMatching(/^stack-team-digits-[0-9a-f]{8}$/)],
  ['9/图', expect.stringMatching(/^model-[0-9a-f]{8}$/)],
  [`stack/${'x'.repeat(100)}`, expect.stringMatching(/^stack-x{48}-[0-9a-f]{8}$/)],
])('the resources of %s', (constructPath, name) => {
  expect(defaultResourceName(constructPath)).toEqual(name);
});

test('names are valid for any path', () => {
  fc.assert(fc.property(path, (text) => isResourceName(defaultResourceName(text))));
  fc.assert(fc.property(path, id, (owner, member) => isResourceName(memberName(defaultResourceName(owner), member))));
});

test('the same path gives the same name on any machine', () => {
  fc.assert(fc.property(path, (text) => defaultResourceName(text) === defaultResourceName(text)));
  expect(defaultResourceName('stack/digits-v2')).toBe('stack-digits-v2-f312bc6f');
});

test('different paths give different names', () => {
  const names = new Map<string, string>();
  fc.assert(
    fc.property(path, (text) => {
      const name = defaultResourceName(text);
      const owner = names.get(name) ?? text;
      names.set(name, owner);
      return owner === text;
    }),
    { numRuns: 5000 },
  );
  expect(names.size).toBeGreaterThan(1000);
});

test('a path that only looks like a name with a hash gets its own hash', () => {
  const hashed = defaultResourceName('a/b-c');
  expect(defaultResourceName(`a-b-c/${hashed.slice(-8)}`)).not.toBe(hashed);
});

test.each(['a', 'stack-digits', 'x'.repeat(63)])('resource name %s', (name) => {
  expect(isResourceName(name)).toBe(true);
});

test.each(['', '-a', 'a-', '9a', 'A', 'a.b', 'a_b', 'a b', 'a\n', 'x'.repeat(64)])(
  'not a resource name: "%s"',
  (name) => {
    expect(isResourceName(name)).toBe(false);
  },
);

test('resources of one owner have different names', () => {
  fc.assert(fc.property(path, id, id, (owner, a, b) => a === b || memberName(owner, a) !== memberName(owner, b)));
});

test('any string becomes a label, and different strings become different labels', () => {
  const text = fc.string({ minLength: 1, maxLength: 130 });
  fc.assert(fc.property(text, (value) => isLabel('key', labelValue(value))));
  fc.assert(fc.property(text, text, (a, b) => a === b || labelValue(a) !== labelValue(b)));
  expect(labelValue('1.2.3_rc-1')).toBe('1.2.3_rc-1');
});

test.each([
  ['team', 'vision', true],
  ['example.com/team', '', true],
  ['Example.com/team', 'a', false],
  ['a/b/c', 'a', false],
  ['', 'a', false],
  ['team', '-a', false],
  ['team', 'a'.repeat(64), false],
  ['team', 'a\n', false],
  ['a'.repeat(63), 'a'.repeat(63), true],
  ['a'.repeat(64), 'a', false],
  ['/team', 'a', false],
  ['example.com/', 'a', false],
])('label %s=%s: %s', (key, value, valid) => {
  expect(isLabel(key, value)).toBe(valid);
});

const modelFile = multiplier(temporaryFolder(), 'digits', 2);
const model = OnnxModel.fromFile(modelFile);
const candidate = OnnxModel.fromFile(modelFile, { version: '2' });
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
