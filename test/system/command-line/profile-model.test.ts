import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModelServingError } from '../../../lib/base/errors';
import * as machineLoad from '../../../lib/measuring/machine';
import { OnnxModel } from '../../../lib/onnx-model/onnx-model';
import type { OnnxModelProps } from '../../../lib/onnx-model/onnx-model-props';
import { type Profiled, profileModel, type ProfileOptions, type Step } from '../../../lib/measuring/profile-model';
import { identity, initializer, type ModelParts, node, value, writeOnnxModel } from '../../support/onnx-builder';
import { png } from '../../support/png';
import { temporaryFolder } from '../../support/temporary-folder';

const folder = temporaryFolder();
const path = join(folder, 'm.onnx');
const golden = join(folder, 'm.golden.json');

/** Model that reshapes x into groups of seven elements. Generated inputs do not try a width of seven. */
const grouped: ModelParts = {
  inputs: [value('x', 'float16', ['batch', 'width'])],
  outputs: [value('y', 'float16', ['batch', 'groups', 7])],
  nodes: [node('Reshape', ['x', 'shape'], ['y'])],
  initializers: [initializer('shape', 'int64', [3], BigInt64Array.of(0n, -1n, 7n))],
};

/** Each row influences all others. */
const entangled: ModelParts = {
  inputs: [value('x', 'float', ['batch', 2])],
  outputs: [value('y', 'float', ['batch', 2])],
  nodes: [node('Softmax', ['x'], ['y'], { attributes: { axis: 0 } })],
};

interface Measuring extends Partial<ProfileOptions> {
  examples?: object[];
  read?: OnnxModelProps;
}

function profile(parts: ModelParts, { examples, read, ...options }: Measuring = {}): Promise<Profiled> {
  writeOnnxModel(path, parts);
  if (examples) writeFileSync(golden, JSON.stringify({ examples }));
  const model = OnnxModel.fromFile(path, { golden: examples && golden, profile: false, ...read });
  return profileModel(model, {
    path,
    threads: [1],
    maxBatchSize: 2,
    dimensions: {},
    seconds: 0.01,
    // Other tests run at the same time and keep the machine busy.
    force: true,
    signal: new AbortController().signal,
    onStep: () => {},
    ...options,
  });
}

async function problemOf(profiled: Promise<Profiled>): Promise<string> {
  const error = await profiled.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ModelServingError);
  return (error as ModelServingError).message;
}

function example(tensor: { shape: number[]; data?: number[]; file?: string }, shape = tensor.shape) {
  const x = { name: 'x', datatype: 'FP32', ...tensor };
  return { name: 'first', request: { inputs: [x] }, response: { outputs: [{ ...x, name: 'y', shape }] } };
}

afterEach(() => {
  expect(readdirSync(join(folder, 'cache')).filter((name) => name.startsWith('serve-'))).toEqual([]);
});

test('sizes of an unknown dimension, or of the one that counts rows', async () => {
  expect(await problemOf(profile(grouped, { dimensions: { height: 3, batch: 2, width: 7 } }))).toBe(
    `${path}: --dimension height: no input has a free dimension with this name. Use one of "width". [dimension-unknown]\n` +
      `${path}: --dimension batch: this dimension counts rows, and many batch sizes are measured anyway. Set the largest batch with --max-batch. [dimension-of-batch]`,
  );
  expect(await problemOf(profile(identity('float', ['n']), { dimensions: { m: 3 } }))).toBe(
    `${path}: --dimension m: no input has a free dimension with this name. Remove --dimension. [dimension-unknown]`,
  );
});

test('a model that refuses generated inputs', async () => {
  const message = await problemOf(profile(grouped));
  expect(message).toMatch(
    new RegExp(
      `^${path}: the model does not run on generated inputs: .*Reshape.*\\. Use --golden to pass real inputs`,
      's',
    ),
  );
  expect(message).toMatch(/or --dimension NAME=SIZE to set the sizes that the model needs\. \[trial-inputs-refused\]$/);
});

test('the size of a dimension, and FP16, which has no JSON form', async () => {
  const steps: Step[] = [];
  const { profile: measured, batchingObstacle } = await profile(grouped, {
    dimensions: { width: 7 },
    onStep: (step) => steps.push(step),
  });
  expect(measured.dimensions).toEqual({ width: 7 });
  // The server does not know which width to use.
  expect(batchingObstacle).toBe('the model does not run on zeros, and no golden example is available');
  expect(measured.runs.map(({ batchSize }) => batchSize)).toEqual([1]);
  expect(steps.map(({ what, detail }) => [what, detail])).toEqual([
    ['loading the model', 'first run'],
    ...[1, 2, 3].flatMap((round) =>
      ['loading the model', 'batches of 1', 'batches of 2'].map((detail) => [`round ${round} of 3, 1 thread`, detail]),
    ),
    ['starting the server', undefined],
    ['warming up the server', undefined],
    ['load test of the server', undefined],
    ['measuring the memory of an executor', undefined],
  ]);
  expect(steps.map(({ done }) => done)).toEqual(steps.map(({ done }) => done).toSorted((a, b) => a - b));
  for (const { left } of steps) expect(left).toBeGreaterThan(0);
  expect(measured.machine.otherLoad).toBeGreaterThanOrEqual(0);
  expect(measured.served).toMatchObject({ threads: 1, maxBatchSize: 1, rowsPerRun: 1 });
});

describe('a dimension at several sizes', () => {
  const unnamed: ModelParts = {
    inputs: [value('x', 'float', ['batch', null])],
    outputs: [value('y', 'float', ['batch', null])],
    nodes: [node('Relu', ['x'], ['y'])],
  };

  test('is measured at each, whether it has a name or not', async () => {
    const steps: Step[] = [];
    const { profile: measured } = await profile(unnamed, {
      at: { name: 'x:1', sizes: [3, 40] },
      onStep: (step) => steps.push(step),
    });
    expect(measured.dimensions).toEqual({ 'x:1': 3 });
    expect(measured.sizes!.map(({ dimensions }) => dimensions)).toEqual([{ 'x:1': 40 }]);
    expect(measured.sizes![0]!.runs.map(({ batchSize }) => batchSize)).toEqual([1, 2]);
    expect(measured.sizes![0]!.served.maxBatchSize).toBeLessThanOrEqual(2);
    expect(new Set(steps.map(({ what }) => what.split(':').slice(0, 2).join(':')))).toEqual(
      new Set(['x:1 = 3', 'x:1 = 40']),
    );
    expect(steps[0]!.left).toBeGreaterThan(steps.find(({ what }) => what.startsWith('x:1 = 40'))!.left);
  });

  test('is an error if the model runs only at a different size', async () => {
    const rows: ModelParts = {
      ...grouped,
      inputs: [value('x', 'float', ['batch', 'width'])],
      outputs: [value('y', 'float', ['batch', 'groups', 7])],
    };
    const steps: string[] = [];
    const message = await problemOf(
      profile(rows, {
        examples: [example({ shape: [1, 7], data: [1, 2, 3, 4, 5, 6, 7] }, [1, 1, 7])],
        at: { name: 'width', sizes: [3] },
        maxBatchSize: 1,
        onStep: ({ what }) => steps.push(what),
      }),
    );
    expect(message).toBe(
      `--at width=3: ${path}: the model does not run on generated inputs of this size, but it does run at 7. Remove this size from --at. [size-refused]`,
    );
    // The error comes before any measurement.
    expect(steps).toEqual(['width = 3: loading the model']);
  });

  test('cannot also be set by --dimension', async () => {
    expect(await problemOf(profile(unnamed, { at: { name: 'x:1', sizes: [3] }, dimensions: { 'x:1': 4 } }))).toBe(
      `${path}: both --dimension and --at set the size of x:1. Remove the option --dimension for x:1. [dimension-twice]`,
    );
  });

  test('must be free', async () => {
    expect(await problemOf(profile(unnamed, { at: { name: 'x:0', sizes: [3] } }))).toContain(
      '--at x:0: this dimension counts rows',
    );
    expect(await problemOf(profile(unnamed, { at: { name: 'x:2', sizes: [3] } }))).toBe(
      `${path}: --at x:2: no input has a free dimension with this name. Use one of "x:1". [dimension-unknown]`,
    );
  });
});

test('runs of one row only, if the graph shows that rows influence each other', async () => {
  const { profile: measured, batchingObstacle } = await profile(entangled, { maxBatchSize: 4 });
  expect(measured.runs.map(({ batchSize }) => batchSize)).toEqual([1]);
  // No larger batch was tried.
  expect(batchingObstacle).toBeUndefined();
});

test('a larger size, if the model refuses 1 and no size is set', async () => {
  const shape = initializer('shape', 'int64', [3], BigInt64Array.of(0n, -1n, 4n));
  const outputs = [value('y', 'float16', ['batch', 'groups', 4])];
  const { profile: measured, batchingObstacle } = await profile({ ...grouped, outputs, initializers: [shape] });
  expect(measured.dimensions).toEqual({ width: 4 });
  expect(batchingObstacle).toBeUndefined();
  expect(new Set(measured.runs.map(({ batchSize }) => batchSize))).toEqual(new Set([1, 2]));
});

test.each<[string, { data?: number[]; file?: string }]>([
  ['in JSON', { data: [1, 2, 3, 4, 5, 6, 7] }],
  ['in a file', { file: 'x.bin' }],
])('a golden example %s instead of inputs that the model refuses', async (_, elements) => {
  writeFileSync(join(folder, 'x.bin'), new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6, 7).buffer));
  const rows: ModelParts = {
    ...grouped,
    inputs: [value('x', 'float', ['batch', 'width'])],
    outputs: [value('y', 'float', ['batch', 'groups', 7])],
  };
  const { profile: measured } = await profile(rows, {
    examples: [example({ shape: [1, 7], ...elements }, [1, 1, 7])],
    dimensions: { width: 3 },
    maxBatchSize: 1,
  });
  expect(measured.dimensions).toEqual({ width: 7 });
});

test('a golden picture determines sizes too', async () => {
  writeFileSync(join(folder, 'p.png'), png('gray', 2, [[0, 255]]));
  const y = { name: 'y', datatype: 'FP32', shape: [1, 1, 1, 2], data: [0, 1] };
  const { profile: measured } = await profile(identity('float', ['n', 1, 'height', 'width']), {
    examples: [{ name: 'first', picture: 'p.png', response: { outputs: [y] } }],
    maxBatchSize: 1,
    read: { picture: { color: 'gray', width: 2, height: 1 } },
  });
  expect(measured.dimensions).toEqual({ height: 1, width: 2 });
});

test('a server that does not become ready', async () => {
  const wrong = example({ shape: [1], data: [1] });
  wrong.response.outputs[0]!.data = [2];
  const message = await problemOf(
    profile(identity('float', ['n']), { examples: [wrong], maxBatchSize: 1, read: { runtimeCheck: 'skip' } }),
  );
  expect(message).toContain(`${path}: the server did not become ready; the last lines of its log:\n  {"level":`);
  expect(message).toContain('golden example \\"first\\": output \\"y\\" at [0] is 1; expected 2');
  expect(message).toMatch(
    new RegExp(
      `Fix the problem that the log reports; "model-serving serve ${path}" shows the whole log\\. \\[server-not-ready\\]$`,
    ),
  );
});

describe('a busy machine', () => {
  const busy = (load: number) =>
    `${path}: other processes use ${load} % of this machine's CPU time; above 10 %, measurements are unreliable. Stop them and measure again, or use --force to measure anyway; the profile records the load. [machine-busy]`;
  const measured = (rest: number, meanwhile: number, force: boolean, steps: Step[] = []) => {
    jest.spyOn(machineLoad, 'loadAtRest').mockResolvedValue(rest);
    jest.spyOn(machineLoad.MachineLoad.prototype, 'share').mockReturnValue(meanwhile);
    return profile(identity('float', ['n']), { force, maxBatchSize: 1, onStep: (step) => steps.push(step) });
  };
  afterEach(() => jest.restoreAllMocks());

  test('is refused before the measurement', async () => {
    const steps: Step[] = [];
    expect(await problemOf(measured(0.3, 0, false, steps))).toBe(busy(30));
    expect(steps).toEqual([]);
  });

  test('gives no profile if it becomes busy during the measurement', async () => {
    expect(await problemOf(measured(0.05, 0.11, false))).toBe(busy(11));
  });

  test('gives a profile that records the load if forced', async () => {
    expect((await measured(0.3, 0.2, true)).profile.machine.otherLoad).toBe(0.2);
  });
});

test.each(['round 1 of 3, 1 thread', 'starting the server', 'measuring the memory of an executor'])(
  'an abort ends all processes: %s',
  async (moment) => {
    const controller = new AbortController();
    const onStep = ({ what }: Step) => {
      if (what === moment) setImmediate(() => controller.abort('enough'));
    };
    const aborted = profile(identity('float', ['n']), { signal: controller.signal, onStep });
    await expect(aborted).rejects.toBe('enough');
  },
);
