import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { OnnxModel } from '../../lib/onnx-model/onnx-model';
import { node, value, writeOnnxModel, type AttributeValue, type ModelParts } from '../support/onnx-builder';
import { temporaryFolder } from '../support/temporary-folder';
import { problemsOf } from './support';

const path = join(temporaryFolder(), 'm.onnx');

const constant = (name: string, value: number) => ({ name, dataType: 1, dims: [3], floatData: [value, value, value] });
const STATISTICS = ['scale', 'bias', 'mean', 'variance'];
const CONSTANTS = STATISTICS.map((name, index) => constant(name, index % 3 === 0 ? 1 : 0));
const TRAINING = { training_mode: 1 };
const OUTPUTS = ['y', 'newMean', 'newVariance'];

function normalization(attributes: Record<string, AttributeValue>, output = ['y'], data = 'x') {
  return node('BatchNormalization', [data, ...STATISTICS], output, { name: 'norm', attributes });
}

function model(nodes: ReturnType<typeof node>[], more: Partial<ModelParts> = {}): ModelParts {
  return {
    inputs: [value('x', 'float', ['n', 3])],
    outputs: [value('y', 'float', ['m', 3])],
    opsets: { '': 15 },
    initializers: CONSTANTS,
    nodes,
    ...more,
  };
}

function problems(parts: ModelParts): string[] {
  writeOnnxModel(path, parts);
  return problemsOf(() => OnnxModel.fromFile(path));
}

const MESSAGE = `${path}: node "norm" (BatchNormalization) is in training mode, so the runtime overwrites its mean and variance in each run, and responses can depend on earlier requests. Export the model in evaluation mode (with PyTorch, call model.eval() first). To serve it anyway, set runtimeCheck to "warn".`;
const REFUSED = [`training-mode: ${MESSAGE}`];

describe('a normalization that changes its constants in each run is refused', () => {
  test('with training_mode', () => {
    expect(problems(model([normalization(TRAINING, OUTPUTS)]))).toEqual(REFUSED);
    expect(problems(model([normalization(TRAINING)]))).toEqual(REFUSED);
  });

  test('with five outputs before opset 14', () => {
    const nodes = [normalization({}, ['y', 'newMean', 'newVariance', 'savedMean', 'savedVariance'])];
    expect(problems(model(nodes, { opsets: { '': 9 } }))).toEqual(REFUSED);
  });

  test('if only the variance is a constant', () => {
    const inputs = [value('x', 'float', ['n', 3]), value('mean', 'float', [3])];
    const initializers = CONSTANTS.filter(({ name }) => name !== 'mean');
    expect(problems(model([normalization(TRAINING)], { inputs, initializers }))).toEqual(REFUSED);
  });

  test('if a node computes the constants', () => {
    const initializers = [...CONSTANTS.filter(({ name }) => name !== 'mean'), constant('negative', -1)];
    const nodes = [node('Neg', ['negative'], ['mean']), normalization(TRAINING)];
    expect(problems(model(nodes, { initializers }))).toEqual(REFUSED);
  });

  test('in a branch', () => {
    const graph = { node: [normalization(TRAINING)], output: [{ name: 'y' }] };
    const nodes = [node('If', ['x'], ['y'], { attributes: { then_branch: { graph }, else_branch: { graph } } })];
    expect(problems(model(nodes))).toEqual([...REFUSED, ...REFUSED]);
  });

  test('in a function, with training_mode from its call', () => {
    const own = {
      domain: 'mine',
      name: 'F',
      input: ['x', ...STATISTICS],
      output: ['y'],
      attribute: ['mode'],
      node: [normalization({ training_mode: { ref: 'mode', type: 2 } })],
      opsetImport: [{ version: 15 }],
    };
    const call = (mode: number) => node('F', ['x', ...STATISTICS], ['y'], { domain: 'mine', attributes: { mode } });
    const more = { opsets: { '': 15, mine: 1 }, functions: [own] };
    expect(problems(model([call(1)], more))).toEqual(REFUSED);
    expect(problems(model([call(0)], more))).toEqual([]);
  });
});

/** Prints `m` for a request, after another request, in a process of its own: the runtime rejects Jest's arrays. */
const PROGRAM = `
  const { InferenceSession, Tensor } = require('onnxruntime-node');
  const run = async (session, data) => [...(await session.run({ x: new Tensor('float32', data, [2, 3]) })).m.data];
  InferenceSession.create(process.argv[1]).then(async (session) => {
    const first = await run(session, [1, 2, 3, 4, 5, 6]);
    await run(session, [100, 200, 300, 400, 500, 600]);
    console.log(JSON.stringify([first, await run(session, [1, 2, 3, 4, 5, 6])]));
  });`;

test('the runtime overwrites the constants; if it no longer does, the check can go', () => {
  const nodes = [normalization(TRAINING, OUTPUTS), node('Relu', ['newMean'], ['m'])];
  writeOnnxModel(path, model(nodes, { outputs: [value('y', 'float', ['n', 3]), value('m', 'float', [3])] }));
  const [first, later] = JSON.parse(execFileSync(process.execPath, ['-e', PROGRAM, path], { encoding: 'utf8' }));
  expect(later).not.toEqual(first);
});

test('with runtimeCheck "warn", it is a warning', () => {
  writeOnnxModel(path, model([normalization(TRAINING)]));
  expect(OnnxModel.fromFile(path, { runtimeCheck: 'warn' }).warnings).toEqual([MESSAGE]);
});

describe('accepts', () => {
  test('evaluation mode', () => {
    expect(problems(model([normalization({})]))).toEqual([]);
  });

  test('training mode with statistics from the request', () => {
    const inputs = [value('x', 'float', ['n', 3]), value('mean', 'float', [3]), value('variance', 'float', [3])];
    expect(
      problems(model([normalization(TRAINING, OUTPUTS)], { inputs, initializers: CONSTANTS.slice(0, 2) })),
    ).toEqual([]);
  });

  test('training mode that normalizes weights', () => {
    const weights = { name: 'weights', dataType: 1, dims: [2, 3], floatData: [1, 2, 3, 4, 5, 6] };
    const nodes = [
      normalization(TRAINING, ['standard', 'newMean', 'newVariance'], 'weights'),
      node('Gemm', ['x', 'standard'], ['y'], { attributes: { transB: 1 } }),
    ];
    const outputs = [value('y', 'float', ['m', 2])];
    expect(problems(model(nodes, { outputs, initializers: [...CONSTANTS, weights] }))).toEqual([]);
  });
});
