import * as fc from 'fast-check';
import { TerraformVariable, Token } from 'cdktf';
import { OnnxModel } from 'cdktf-model-serving';
import {
  type CanaryProps,
  type DisruptionBudgetOptions,
  InferenceImage,
  ScalableModelService,
  type ScalableModelServiceProps,
} from 'cdktf-model-serving/kubernetes';
import { distance, nearestShare, replicasFor } from '../../lib/kubernetes/canary-weight';
import { isLabel, isResourceName } from '../../lib/kubernetes/names';
import { largeModel, multiplier } from '../support/models';
import { synthService } from '../support/service';
import { synthStack, tree } from '../support/synth';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const model = OnnxModel.fromFile(multiplier(folder, 'digits', 2), { version: '1' });
const candidate = OnnxModel.fromFile(multiplier(folder, 'digits', 3), { version: '2' });

function withCanary(props: Partial<CanaryProps> = {}, replicas = 8) {
  return synthService({ model, replicas }, (service) => {
    service.addCanary('next', { model: candidate, weight: 20, ...props } as CanaryProps);
  });
}

test('creates a second Deployment behind the same Service, with its own labels', () => {
  const { construct, json, only } = withCanary();
  const deployments = Object.values<any>(json.resource.kubernetes_deployment_v1);
  const [stable, canary] = deployments;
  expect(deployments.map(({ metadata, spec }) => [metadata.name, spec.replicas])).toEqual([
    ['stack-digits', '8'],
    ['stack-digits-next', '2'],
  ]);
  expect(construct.canary).toMatchObject({ replicas: 2, weight: 20, model: candidate });
  expect(canary.metadata.annotations).toMatchObject({ 'model-serving/sha256': candidate.sha256 });

  const [stableLabels, canaryLabels] = deployments.map(({ spec }) => spec.template.metadata.labels);
  const selects = (selector: any, labels: any) =>
    Object.entries(selector).every(([key, value]) => labels[key] === value);
  for (const selector of [only('service_v1').spec.selector, only('network_policy_v1').spec.pod_selector.match_labels]) {
    expect([stableLabels, canaryLabels].map((labels) => selects(selector, labels))).toEqual([true, true]);
  }
  expect(selects(stable.spec.selector.match_labels, canaryLabels)).toBe(false);
  expect(selects(canary.spec.selector.match_labels, stableLabels)).toBe(false);
  expect(tree(construct.canary!)).toEqual([
    'deployment',
    'disruption-budget',
    'image',
    'image/image',
    'image/registry-image',
    'weight',
  ]);
});

describe('K3 disruptions', () => {
  const budgets = (props: Partial<ScalableModelServiceProps>, weight = 20) => {
    const { json } = synthService({ model, replicas: 8, ...props }, (it) =>
      it.addCanary('next', { model: candidate, weight }),
    );
    return Object.values<any>(json.resource.kubernetes_pod_disruption_budget_v1);
  };

  test('have separate budgets, so that a failing canary does not use up the other one', () => {
    const [stable, canary] = budgets({ labels: { team: 'vision' }, annotations: { owner: 'ml' } });
    const selector = { 'app.kubernetes.io/name': 'model-serving', 'app.kubernetes.io/instance': 'stack-digits' };
    expect(stable.spec).toEqual({
      max_unavailable: '1',
      selector: { match_labels: { ...selector, 'model-serving/track': 'stable' } },
    });
    expect(canary).toEqual({
      metadata: {
        name: 'stack-digits-next',
        namespace: 'default',
        labels: {
          ...selector,
          team: 'vision',
          'app.kubernetes.io/version': '2',
          'model-serving/model': 'digits',
          'model-serving/track': 'next',
        },
        annotations: {
          owner: 'ml',
          'model-serving/model': 'digits',
          'model-serving/version': '2',
          'model-serving/sha256': candidate.sha256,
        },
      },
      spec: { max_unavailable: '1', selector: { match_labels: { ...selector, 'model-serving/track': 'next' } } },
    });
  });

  test('use the bound of the service if it is valid for a canary', () => {
    const bounds = (disruptionBudget: DisruptionBudgetOptions) =>
      budgets({ disruptionBudget }).map(({ spec: { max_unavailable, min_available } }) => [
        max_unavailable,
        min_available,
      ]);
    expect(bounds({ maxUnavailable: '25%' })).toEqual([
      ['25%', undefined],
      ['25%', undefined],
    ]);
    expect(bounds({ minAvailable: 6 })).toEqual([
      [undefined, '6'],
      ['1', undefined],
    ]);
  });
});

test('runs like the service', () => {
  const service = {
    model,
    replicas: 4,
    resources: { cpu: 0.5 },
    serving: { drainSeconds: 3 },
    environment: { A: 'b' },
    pod: { priorityClassName: 'high' },
  };
  const { json } = synthService(service, (it) => it.addCanary('next', { model: candidate, weight: 20 }));
  const [stable, canary] = Object.values<any>(json.resource.kubernetes_deployment_v1).map((d) => d.spec.template.spec);
  const comparable = (pod: any) => {
    const [{ env, ...container }] = pod.container;
    const variables = env.filter(({ name }: any) => name !== 'MODEL_SERVING_EXPECTED_SHA256');
    return { ...pod, topology_spread_constraint: undefined, container: { ...container, image: undefined, variables } };
  };
  expect(comparable(canary)).toEqual(comparable(stable));
});

test('once promoted, it is the model of the existing Deployment, whose selector is unchanged', () => {
  const promoted = synthService({ model: candidate, replicas: 8 }).deployment;
  const [before] = Object.values<any>(withCanary().json.resource.kubernetes_deployment_v1);
  expect(promoted.spec.selector).toEqual(before.spec.selector);
  expect(promoted.metadata.name).toBe(before.metadata.name);
});

test('an image from a registry', () => {
  const image = InferenceImage.fromRegistry(`registry.example.com/d@sha256:${'1'.repeat(64)}`, { model: candidate });
  const { construct } = withCanary({ model: undefined, image });
  expect(construct.canary!.image).toBe(image);
});

test('uses the nearest share of whole replicas, or reports a number that is enough', () => {
  const weight = fc.double({ min: 1, max: 99, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), weight, (stable, wanted) => {
      const nearest = nearestShare(stable, wanted);
      const shares = Array.from({ length: 6000 }, (_, i) => (100 * (i + 1)) / (stable + i + 1));
      const best = Math.min(...shares.map((share) => Math.abs(share - wanted)));
      expect(distance(nearest, wanted)).toBeCloseTo(best, 6);
    }),
    { numRuns: 50 },
  );
  fc.assert(
    fc.property(weight, fc.double({ min: 0.5, max: 5, noNaN: true }), (wanted, tolerance) => {
      const enough = replicasFor(wanted, tolerance, 3);
      expect(distance(nearestShare(enough, wanted), wanted)).toBeLessThanOrEqual(tolerance);
      if (enough > 3) expect(distance(nearestShare(enough - 1, wanted), wanted)).toBeGreaterThan(tolerance);
    }),
  );
});

test.each([
  [8, 20, 2],
  [4, 20, 1],
  [9, 10, 1],
  [1, 50, 1],
  [1, 90, 9],
])('with %d replicas, a weight of %d needs %d', (stable, weight, replicas) => {
  expect(withCanary({ weight }, stable).construct.canary!.replicas).toBe(replicas);
});

test('8 and 20 give 2: a weight is reached within its tolerance, or rejected with two valid values', () => {
  const accepted = (stable: number, weight: number, weightTolerance: number) => {
    const canary = withCanary({ weight, weightTolerance }, stable).construct.canary!;
    expect(canary.weight).toBe((100 * canary.replicas) / (stable + canary.replicas));
    expect(Math.abs(canary.weight - weight)).toBeLessThanOrEqual(weightTolerance);
  };
  accepted(8, 20, 0.01);
  const hundredths = (min: number, max: number) => fc.integer({ min: min * 100, max: max * 100 }).map((n) => n / 100);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), hundredths(1, 95), hundredths(0.1, 3), (stable, weight, tolerance) => {
      try {
        accepted(stable, weight, tolerance);
      } catch (error) {
        const [, nearest, replicas] = /Use weight (.+), or (\d+) replicas\. \[canary-unreachable\]$/.exec(
          String(error),
        )!;
        accepted(stable, Number(nearest), tolerance);
        accepted(Number(replicas), weight, tolerance);
      }
    }),
    { numRuns: 25 },
  );
});

test.each(['Next', 'team.next', 'v2', '图', 'x'.repeat(80)])(
  'canary "%s" has a name and a track that are legal',
  (id) => {
    const { json } = synthService({ model, replicas: 8 }, (it) => it.addCanary(id, { model: candidate, weight: 20 }));
    const deployments = Object.values<any>(json.resource.kubernetes_deployment_v1);
    const canary = deployments.find(({ spec }) => spec.selector.match_labels['model-serving/track'] !== 'stable');
    expect(isResourceName(canary.metadata.name)).toBe(true);
    expect(canary.metadata.name).toMatch(/^stack-digits-/);
    expect(isLabel('key', canary.spec.selector.match_labels['model-serving/track'])).toBe(true);
  },
);

test('works with a service whose name is a Terraform token', () => {
  const names = (id: string) => {
    const json = synthStack((stack) => {
      const name = new TerraformVariable(stack, 'name', { type: 'string' }).stringValue;
      const service = new ScalableModelService(stack, 'digits', {
        model,
        repository: 'registry.example.com/d',
        name,
        replicas: 8,
      });
      service.addCanary(id, { model: candidate, weight: 20 });
    });
    return Object.values<any>(json.resource.kubernetes_deployment_v1)
      .map(({ metadata }) => metadata.name)
      .sort();
  };
  expect(names('next')).toEqual(['${var.name}', '${var.name}-next']);
  expect(names('Next')).toEqual(['${var.name}', expect.stringMatching(/^\$\{var\.name\}-next-[0-9a-f]{8}$/)]);
});

test('D7 a different canary model changes the pods of the canary, and no pods of the service', () => {
  const third = OnnxModel.fromFile(multiplier(folder, 'digits', 4), { version: '2' });
  const [before, after] = [candidate, third].map((it) =>
    Object.values<any>(withCanary({ model: it }).json.resource.kubernetes_deployment_v1),
  );
  expect(after![0]).toEqual(before![0]);
  expect(after![1].spec.template).not.toEqual(before![1].spec.template);
  expect(after![1].spec.selector).toEqual(before![1].spec.selector);
});

describe('rejects', () => {
  const other = OnnxModel.fromFile(multiplier(folder, 'letters', 3), { version: '2' });
  test.each<[string, Partial<CanaryProps>, string]>([
    [
      'an unreachable weight',
      { weight: 15 },
      'stack/digits/next: weight is 15, but with 8 replicas the nearest possible weight is 11.11 (1 of 9 replicas), and weightTolerance is 1. Use weight 11.11, or 11 replicas. [canary-unreachable]',
    ],
    [
      'a weight of 0',
      { weight: 0 },
      'stack/digits/next: weight is 0. Use a percentage above 0 and below 100, such as 10. [canary-weight]',
    ],
    [
      'a weight of 100',
      { weight: 100 },
      'stack/digits/next: weight is 100. Use a percentage above 0 and below 100, such as 10. [canary-weight]',
    ],
    [
      'a tolerance of 0',
      { weightTolerance: 0 },
      'stack/digits/next: weightTolerance is 0. Use at least 0.01 percentage points. [canary-tolerance]',
    ],
    [
      'another name',
      { model: other },
      'stack/digits/next: the canary\'s model is named "letters", but the service\'s model is named "digits". Clients request a model by name, so use the same name for the canary: OnnxModel.fromFile(…, { name: \'digits\', version: … }). [canary-name]',
    ],
    [
      'the same version',
      { model },
      'stack/digits/next: the canary\'s model and the service\'s model are both version "1", so their answers and metrics could not be distinguished. Use a different version for the canary. [canary-version]',
    ],
    [
      'no model',
      { model: undefined },
      'stack/digits/next: set exactly one of model (an image is built for it) and image (an existing image). [model-or-image]',
    ],
    [
      'a tag',
      { model: undefined, image: InferenceImage.fromRegistry('registry.example.com/d:2', { model: candidate }) },
      'stack/digits/next: image "registry.example.com/d:2" has a tag instead of a digest. Tags can move, so pods of one Deployment could run different models. Append the digest (@sha256:…). [image-not-pinned]',
    ],
    [
      'both a model and an image',
      { image: InferenceImage.fromRegistry(`registry.example.com/d@sha256:${'1'.repeat(64)}`, { model: candidate }) },
      'stack/digits/next: set exactly one of model (an image is built for it) and image (an existing image). [model-or-image]',
    ],
  ])('%s', (_what, props, message) => {
    expect(() => withCanary(props)).toThrow(message);
  });

  test('reports all problems at once', () => {
    const unnamed = OnnxModel.fromFile(multiplier(folder, 'letters', 3), { version: '1' });
    expect(() => withCanary({ model: unnamed, weight: NaN })).toThrow(
      /canary-name\]\n.*canary-version\]\n.*weight is NaN\. .*canary-weight\]$/,
    );
  });

  test('an image that was not pushed', () => {
    expect(() =>
      synthService({ model, replicas: 8 }, (service) => {
        const image = new InferenceImage(service, 'candidate', { model: candidate });
        service.addCanary('next', { image, weight: 20 });
      }),
    ).toThrow('stack/digits/next: image is stored only on the engine that builds it, so the cluster cannot pull it.');
  });

  test("the id of the service's own track: both Deployments would claim the pods", () => {
    expect(() =>
      synthService({ model, replicas: 8 }, (it) => it.addCanary('stable', { model: candidate, weight: 20 })),
    ).toThrow(
      'stack/digits/stable: the id "stable" would give the canary\'s pods the label of the service\'s own pods. Use a different id for the canary, such as "next". [label-reserved]',
    );
  });

  describe('a model that is too large for', () => {
    const large = largeModel(folder, 'digits', 300, { version: '2' });

    test('K12 the memory of the service', () => {
      expect(() =>
        synthService({ model, replicas: 8, resources: { memoryMiB: 300 } }, (service) => {
          service.addCanary('next', { model: large, weight: 20 });
        }),
      ).toThrow(
        'stack/digits/next: resources.memoryMiB is 300, but model "digits" needs at least 461 MiB: 301 MiB for the weights and 160 MiB for the runtime. Raise it to 565, which leaves room for requests, or omit it to use a default that fits. [memory-too-small]',
      );
    });

    test('the deadline of an update', () => {
      expect(() =>
        synthService({ model, replicas: 8, rollout: { progressDeadlineSeconds: 70 } }, (service) => {
          service.addCanary('next', { model: large, weight: 20 });
        }),
      ).toThrow(
        'stack/digits/next: rollout.progressDeadlineSeconds is 70, but it must be more than startupSeconds, which is 76. Otherwise, updates would fail while replicas are still starting. Raise it to at least 77, or omit it. [progress-deadline-too-short]',
      );
    });
  });

  test.each(['weight', 'weightTolerance'])('a %s that is a Terraform token', (prop) => {
    const unknown = Token.asNumber({ resolve: () => 20 });
    expect(() => withCanary({ [prop]: unknown })).toThrow(
      `stack/digits/next: ${prop} is a Terraform token, but the synthesized files depend on its value. Pass a plain value. [must-be-known-at-synth]`,
    );
  });

  test('an autoscaler', () => {
    expect(() =>
      synthService({ model, autoscaling: { maxReplicas: 4 } }, (service) => {
        service.addCanary('next', { model: candidate, weight: 20 });
      }),
    ).toThrow(
      'stack/digits/next: a canary gets a share of the replicas, which an autoscaler would change. Set replicas instead of autoscaling on the service while it has a canary. [canary-autoscaled]',
    );
  });

  test('a second canary', () => {
    expect(() =>
      synthService({ model, replicas: 8 }, (service) => {
        service.addCanary('next', { model: candidate, weight: 20 });
        service.addCanary('other', { model: candidate, weight: 20 });
      }),
    ).toThrow(
      'stack/digits/other: the service already has a canary, stack/digits/next. Promote or remove that canary first, because the shares of two canaries would depend on each other. [canary-twice]',
    );
  });

  test('a number of replicas that is a Terraform token', () => {
    expect(() =>
      synthStack((stack) => {
        const replicas = new TerraformVariable(stack, 'replicas', { type: 'number' }).numberValue;
        const service = new ScalableModelService(stack, 'digits', {
          model,
          repository: 'registry.example.com/d',
          replicas,
        });
        service.addCanary('next', { model: candidate, weight: 20 });
      }),
    ).toThrow('stack/digits/next: replicas is a Terraform token');
  });

  test('a model if the service has an image, because no repository is known', () => {
    const image = InferenceImage.fromRegistry(`registry.example.com/d@sha256:${'1'.repeat(64)}`, { model });
    expect(() =>
      synthService({ image, repository: undefined, replicas: 4 }, (service) => {
        service.addCanary('next', { model: candidate, weight: 20 });
      }),
    ).toThrow('stack/digits/next: a cluster pulls images from a registry, but repository is not set.');
  });

  test("the name of another service's Deployment", () => {
    expect(() =>
      synthStack((stack) => {
        const repository = 'registry.example.com/d';
        new ScalableModelService(stack, 'other', { model, repository, name: 'digits-next' });
        const service = new ScalableModelService(stack, 'digits', { model, repository, name: 'digits', replicas: 4 });
        service.addCanary('next', { model: candidate, weight: 20 });
      }),
    ).toThrow('stack/digits/next: the name "digits-next" in namespace "default" is already used by stack/other.');
  });
});
