import { TerraformVariable, Token } from 'cdktf';
import { OnnxModel } from 'cdktf-model-serving';
import { type Capacity, ScalableModelService, type ScalableModelServiceProps } from 'cdktf-model-serving/kubernetes';
import { problemsOf } from '../model/support';
import { multiplier } from '../support/models';
import { ladder, profiledModel, profileOf } from '../support/profiles';
import { synthService } from '../support/service';
import { synthStack } from '../support/synth';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const path = multiplier(folder, 'digits', 2);
/**
 * Model with a profile: a replica with 1.2 CPUs answers 1,000 requests/s, and the rate grows with the CPUs, up to 5,000
 * requests/s with 6.
 */
const model = profiledModel(path);
const MEASURED = 'as measured on 4 x AMD EPYC 9B14 on 2026-11-25';

/** Number of replicas in the plan, and the output that explains the number. */
function planned(capacity: Capacity, props: Partial<ScalableModelServiceProps> = {}) {
  const { deployment, json } = synthService({ model, capacity, ...props });
  const [id] = Object.keys(json.output).filter((name) => name.startsWith('digits_capacity'));
  return [deployment.spec.replicas, json.output[id!].value];
}

function problems(capacity: Capacity, props: Partial<ScalableModelServiceProps> = {}): string[] {
  return problemsOf(() => synthService({ model, capacity, ...props }));
}

function unmeetable(wanted: string, what: string, remedies: string): string[] {
  return [
    `capacity-unmeetable: stack/digits: capacity.requestsPerSecond is ${wanted}, but ${what}, ${MEASURED}. To meet the capacity, ${remedies}.`,
  ];
}

test.each<[Capacity, number]>([
  [{ requestsPerSecond: 5 }, 2],
  [{ requestsPerSecond: 1538 }, 2],
  [{ requestsPerSecond: 1539 }, 3],
  [{ requestsPerSecond: 20_000 }, 26],
  [{ requestsPerSecond: 5000, headroom: 0 }, 5],
  [{ requestsPerSecond: 5000, headroom: 0.1 * 3 }, 7],
  [{ requestsPerSecond: 10_000, headroom: 0.1 }, 11],
  [{ requestsPerSecond: 5000, headroom: 2 }, 15],
])('%j needs %d replicas', (capacity, replicas) => {
  expect(planned(capacity)[0]).toBe(String(replicas));
});

test('the output reports the capacity, and where it was measured', () => {
  expect(planned({ requestsPerSecond: 2000 })).toEqual([
    '3',
    `3 replicas of 1.2 CPUs, 1,000 requests/s each, handle 2,000 requests/s with 30 % headroom, ${MEASURED}`,
  ]);
  expect(planned({ requestsPerSecond: 700, headroom: 0.125 }, { replicas: 1 })).toEqual([
    '1',
    `1 replica of 1.2 CPUs, 1,000 requests/s, handles 700 requests/s with 12.5 % headroom, ${MEASURED}`,
  ]);
  expect(planned({ requestsPerSecond: 2000 }, { autoscaling: { maxReplicas: 20 } })).toEqual([
    undefined,
    `up to 20 replicas of 1.2 CPUs, 1,000 requests/s each, handle 2,000 requests/s with 30 % headroom, ${MEASURED}`,
  ]);
  expect(Object.keys(synthService({ model }).json.output).filter((id) => id.includes('capacity'))).toEqual([]);
});

describe('a model that was measured at several sizes', () => {
  const [first] = [profileOf('')];
  const long = { ...first.served, requestsPerSecond: 100, cpuSecondsPerRequest: 0.0112 };
  const sized = profiledModel(multiplier(folder, 'sized', 5), {
    dimensions: { sequence: 32, 'mask:1': 1 },
    sizes: [
      { dimensions: { sequence: 128, 'mask:1': 1 }, runs: ladder(1, { 1: 11 }), served: long },
      { dimensions: { sequence: 512, 'mask:1': 1 }, runs: ladder(1, { 1: 60 }), served: first.served },
    ],
  });

  test.each<[Capacity['at'], string]>([
    [undefined, '3 replicas of 1.2 CPUs, 1,000 requests/s each'],
    [{ sequence: 32 }, '3 replicas of 1.2 CPUs, 1,000 requests/s each'],
    [{ sequence: 128 }, '29 replicas of 1.1 CPUs, 90.9 requests/s each'],
    [{ 'mask:1': 1, sequence: 128 }, '29 replicas of 1.1 CPUs, 90.9 requests/s each'],
  ])('is sized by the declared size: %j', (at, replicas) => {
    const sequence = at?.sequence ?? 32;
    expect(planned({ requestsPerSecond: 2000, at }, { model: sized })[1]).toBe(
      `${replicas}, handle 2,000 requests/s with 30 % headroom, ${MEASURED} at sequence = ${sequence}, mask:1 = 1`,
    );
  });

  test('is rejected at other sizes, with the command that measures them', () => {
    expect(problems({ requestsPerSecond: 20, at: { sequence: 64 } }, { model: sized })).toEqual([
      expect.stringMatching(
        /^capacity-size-unmeasured: stack\/digits: capacity\.at is sequence = 64, but the model was measured at sequence = 32, mask:1 = 1, or sequence = 128, mask:1 = 1, or sequence = 512, mask:1 = 1\. Use one of those sizes, or measure this size as well: model-serving profile .*sized\.onnx --at sequence=32,128,512,64$/,
      ),
    ]);
    expect(problems({ requestsPerSecond: 20, at: { sequence: 128, 'mask:1': 2 } }, { model: sized })).toEqual([
      expect.stringMatching(/ --at mask:1=1,2$/),
    ]);
  });

  test('is refused if the profile does not have a dimension, with the names of its dimensions', () => {
    expect(problems({ requestsPerSecond: 20, at: { sequnce: 128 } }, { model: sized })).toEqual([
      expect.stringMatching(/The profile has no dimension "sequnce"\. Use "sequence" or "mask:1"\.$/),
    ]);
    expect(problems({ requestsPerSecond: 20, at: { width: 3 } })).toEqual([
      expect.stringMatching(
        /but the model was measured at fixed sizes only\. The profile has no dimension "width"\. Remove capacity\.at\.$/,
      ),
    ]);
  });

  test('reports the size if the capacity cannot be met', () => {
    expect(problems({ requestsPerSecond: 200, at: { sequence: 128 } }, { model: sized, replicas: 2 })).toEqual([
      expect.stringContaining(
        `a replica of 1.1 CPUs answers 90.9 requests/s, ${MEASURED} at sequence = 128, mask:1 = 1.`,
      ),
    ]);
  });
});

test('applies explicit resources and options', () => {
  expect(planned({ requestsPerSecond: 2000 }, { resources: { cpu: 0.6 } })).toEqual([
    '6',
    `6 replicas of 0.6 CPUs, 500 requests/s each, handle 2,000 requests/s with 30 % headroom, ${MEASURED}`,
  ]);
  expect(planned({ requestsPerSecond: 5000 }, { resources: { cpu: 2 } })[0]).toBe('4');
  // A CPU limit above the request is ignored.
  expect(planned({ requestsPerSecond: 2000 }, { resources: { cpu: 0.6, cpuLimit: 4 } })[0]).toBe('6');
  expect(planned({ requestsPerSecond: 2000 }, { serving: { maxBatchSize: 1 } })[0]).toBe('6');
});

test('other checks use the computed number of replicas', () => {
  const props = { model, capacity: { requestsPerSecond: 5000 }, disruptionBudget: { minAvailable: 6 } };
  expect(() => synthService(props)).not.toThrow();
  const candidate = OnnxModel.fromFile(multiplier(folder, 'next', 3), { name: 'digits', version: '2' });
  const { construct } = synthService({ model, capacity: { requestsPerSecond: 6000 } }, (service) => {
    service.addCanary('next', { model: candidate, weight: 20 });
  });
  expect(construct.canary!.replicas).toBe(2);
});

describe('replicas that are not enough are rejected', () => {
  test('by their number, and by their CPUs', () => {
    expect(problems({ requestsPerSecond: 2000 }, { replicas: 2 })).toEqual(
      unmeetable(
        '2,000',
        'replicas is 2, which is enough for only 1,530 requests/s with 30 % headroom: a replica of 1.2 CPUs answers 1,000 requests/s',
        'raise replicas to 3, or raise resources.cpu to 2',
      ),
    );
    expect(problems({ requestsPerSecond: 2000 }, { autoscaling: { minReplicas: 1, maxReplicas: 1 } })).toEqual(
      unmeetable(
        '2,000',
        'autoscaling.maxReplicas is 1, which is enough for only 769 requests/s with 30 % headroom: a replica of 1.2 CPUs answers 1,000 requests/s',
        'raise autoscaling.maxReplicas to 3, or raise resources.cpu to 3.2',
      ),
    );
  });

  test('with explicit CPUs', () => {
    expect(problems({ requestsPerSecond: 1200, headroom: 0 }, { replicas: 2, resources: { cpu: 0.5 } })).toEqual(
      unmeetable(
        '1,200',
        'replicas is 2, which is enough for only 832 requests/s with 0 % headroom: a replica of 0.5 CPUs answers 416 requests/s',
        'raise replicas to 3, or raise resources.cpu to 0.8',
      ),
    );
  });

  test('without suggesting CPUs that were not measured or that a limit excludes', () => {
    const few =
      'replicas is 2, which is enough for only 1,530 requests/s with 30 % headroom: a replica of 1.2 CPUs answers 1,000 requests/s';
    expect(problems({ requestsPerSecond: 20_000 }, { replicas: 2 })).toEqual(
      unmeetable('20,000', few, 'raise replicas to 26'),
    );
    expect(problems({ requestsPerSecond: 2000 }, { replicas: 2, resources: { cpu: 1.2, cpuLimit: 1.5 } })).toEqual(
      unmeetable('2,000', few, 'raise replicas to 3'),
    );
  });

  test('with explicit options', () => {
    expect(problems({ requestsPerSecond: 1000 }, { replicas: 2, serving: { maxBatchSize: 1 } })).toEqual(
      unmeetable(
        '1,000',
        'replicas is 2, which is enough for only 769 requests/s with 30 % headroom: a replica of 1.1 CPUs answers 500 requests/s',
        'raise replicas to 3, or raise resources.cpu to 2, or omit serving.maxBatchSize',
      ),
    );
    expect(
      problems({ requestsPerSecond: 2000 }, { replicas: 2, resources: { cpu: 4 }, serving: { executors: 1 } }),
    ).toEqual(
      unmeetable(
        '2,000',
        'replicas is 2, which is enough for only 1,530 requests/s with 30 % headroom: a replica of 4 CPUs answers 1,000 requests/s',
        'raise replicas to 3, or omit serving.executors',
      ),
    );
  });
});

test('requires a profile', () => {
  const unmeasured = OnnxModel.fromFile(path, { profile: false, name: 'digits' });
  expect(problems({ requestsPerSecond: 5 }, { model: unmeasured })).toEqual([
    expect.stringMatching(
      /^capacity-without-profile: stack\/digits: capacity needs a profile, but model "digits" has none\. Set replicas or autoscaling instead, or measure the model: model-serving profile .*digits\.onnx$/,
    ),
  ]);
});

test.each<[Capacity, string]>([
  [{ requestsPerSecond: 0 }, 'requestsPerSecond is 0. Use a number above 0, such as 200.'],
  [{ requestsPerSecond: -5 }, 'requestsPerSecond is -5. Use a number above 0, such as 200.'],
  [{ requestsPerSecond: NaN }, 'requestsPerSecond is NaN. Use a number above 0, such as 200.'],
  [{ requestsPerSecond: Infinity }, 'requestsPerSecond is Infinity. Use a number above 0, such as 200.'],
  [{ requestsPerSecond: 5, headroom: -0.1 }, 'headroom is -0.1. Use 0 or more, such as 0.3 for 30 %.'],
  [{ requestsPerSecond: 5, headroom: NaN }, 'headroom is NaN. Use 0 or more, such as 0.3 for 30 %.'],
])('%j is rejected', (capacity, message) => {
  const refusal = [`capacity-invalid: stack/digits: capacity.${message}`];
  expect(problems(capacity)).toEqual(refusal);
  expect(problems(capacity, { autoscaling: { maxReplicas: 4 } })).toEqual(refusal);
});

test('the props that determine the number of replicas must be known', () => {
  const unknown = Token.asNumber({ resolve: () => 1 });
  const capacity = { requestsPerSecond: 5 };
  const cases: [string, Partial<ScalableModelServiceProps>][] = [
    ['capacity.requestsPerSecond', { capacity: { requestsPerSecond: unknown } }],
    ['capacity.headroom', { capacity: { requestsPerSecond: 5, headroom: unknown } }],
    ['capacity.at.sequence', { capacity: { requestsPerSecond: 5, at: { sequence: unknown } } }],
    ['replicas', { capacity, replicas: unknown }],
    ['autoscaling.maxReplicas', { capacity, autoscaling: { maxReplicas: unknown } }],
    ['resources.cpu', { capacity, resources: { cpu: unknown } }],
    ['resources.cpuLimit', { capacity, resources: { cpuLimit: unknown } }],
    ['serving.executors', { capacity, serving: { executors: unknown } }],
    ['serving.threadsPerExecutor', { capacity, serving: { threadsPerExecutor: unknown } }],
    ['serving.maxBatchSize', { capacity, serving: { maxBatchSize: unknown } }],
  ];
  for (const [prop, props] of cases) {
    expect(problemsOf(() => synthService({ model, ...props }))).toEqual([
      `must-be-known-at-synth: stack/digits: ${prop} is a Terraform token, but the synthesized files depend on its value. Pass a plain value.`,
    ]);
  }
  const json = synthStack((stack) => {
    const memoryMiB = new TerraformVariable(stack, 'memory', { type: 'number' }).numberValue;
    const repository = 'registry.example.com/ml/digits';
    new ScalableModelService(stack, 'digits', { model, repository, capacity, resources: { memoryMiB } });
  });
  expect(Object.values<any>(json.resource.kubernetes_deployment_v1)[0].spec.replicas).toBe('2');
});

test('supports a model slower than one request per second', () => {
  const slow = profiledModel(multiplier(folder, 'slow', 4), { runs: ladder(1, { 1: 4000 }) });
  expect(planned({ requestsPerSecond: 2 }, { model: slow })).toEqual([
    '11',
    `11 replicas of 1.1 CPUs, 0.25 requests/s each, handle 2 requests/s with 30 % headroom, ${MEASURED}`,
  ]);
});
