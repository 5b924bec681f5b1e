import childProcess from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { ContainerizedModel } from 'cdktf-model-serving/docker';
import { OnnxModel, type OnnxModelProps } from 'cdktf-model-serving';
import { openApiOf } from '../../lib/openapi/openapi-file';
import { initializer, node, value, writeOnnxModel, type Dim, type ModelParts } from '../support/onnx-builder';
import { runCli } from '../support/run-cli';
import { synthStack } from '../support/synth';
import { temporaryFolder } from '../support/temporary-folder';
import { detector, transposed } from '../support/untrue-models';

const folder = temporaryFolder();
const home = process.cwd();
beforeAll(() => process.chdir(folder));
afterAll(() => process.chdir(home));
const spawn = jest.spyOn(childProcess, 'spawnSync');

function read(parts: ModelParts, props: OnnxModelProps = {}): OnnxModel {
  writeOnnxModel('m.onnx', parts);
  return OnnxModel.fromFile('m.onnx', props);
}

/** Reads the model, and returns the dimensions of each output. Expects the signature to be proved. */
function given(parts: ModelParts): (readonly Dim[])[] {
  const model = read(parts);
  expect(model.signatureProof).toEqual({ proved: true });
  return model.signature.outputs.map(({ dimensions }) => dimensions);
}

/** Model with one operator from x to y, where y is declared with the given dimensions. */
function one(op: string, x: Dim[], y: Dim[], attributes = {}): ModelParts {
  return {
    inputs: [value('x', 'float', x)],
    outputs: [value('y', 'float', y)],
    nodes: [node(op, ['x'], ['y'], { attributes })],
  };
}

/** A model that returns the rows of x twice. */
function twice(y: Dim[]): ModelParts {
  return {
    inputs: [value('x', 'float', ['n', 4])],
    outputs: [value('y', 'float', y)],
    nodes: [node('Concat', ['x', 'x'], ['y'], { attributes: { axis: 0 } })],
  };
}

const WARNING =
  'm.onnx: output "y" is declared as [1, seq], but the model returns [seq, 1, 8] ([3, 1, 8] for "x" of [1, 3]). The signature, and everything derived from it, uses the actual shape. Export the model with that shape to correct the file.';

describe('M24 a wrong declaration', () => {
  test('is corrected to the actual shape, with a warning', () => {
    const model = read(transposed());
    expect(model.signature.outputs).toEqual([{ name: 'y', datatype: 'FP32', dimensions: ['seq', 1, 8] }]);
    expect(model.declaredSignature.outputs).toEqual([{ name: 'y', datatype: 'FP32', dimensions: [1, 'seq'] }]);
    expect(model.signatureProof).toEqual({ proved: true });
    expect(model.warnings).toEqual([WARNING]);
    expect(model.servable).toBe(true);
    expect(model.manifest().signature).toEqual(model.signature);
  });

  test.each<[string, ModelParts, Dim[]]>([
    ['rank 1 for 2', one('Relu', ['n', 4], ['n']), ['n', 4]],
    ['rank 3 for 2', one('Relu', ['n', 4], ['n', 4, 1]), ['n', 4]],
    ['a scalar for rank 1', one('Relu', ['n'], []), ['n']],
    ['rank 1 for a scalar', one('ReduceMean', ['n', 4], ['n'], { keepdims: 0 }), []],
    ['a different fixed size', one('Relu', ['n', 4], ['n', 5]), ['n', 4]],
    ['a fixed size for a symbol', one('Relu', ['n', 4], [1, 4]), ['n', 4]],
    ['a fixed size for twice a symbol', twice([2, 4]), [null, 4]],
    ['a symbol that is reduced', one('ReduceMean', ['n', 4], ['n', 4], { axes: [0] }), [null, 4]],
    ['swapped symbols', one('Transpose', ['n', 'm'], ['n', 'm']), [null, null]],
    ['a symbol that counts the results of a detector', detector(0.3), [null, 4]],
    ['a symbol that counts the results of a detector that returns none', detector(100), [null, 4]],
  ])('%s', (_, parts, dimensions) => {
    expect(given(parts)).toEqual([dimensions]);
  });

  test('does not become a fixed size that only small inputs have', () => {
    const attributes = { kernel_shape: [1, 8], strides: [1, 8], pads: [0, 3, 0, 4] };
    expect(given(one('AveragePool', [1, 1, 1, 'w'], [1, 'w'], attributes))).toEqual([[1, 1, 1, null]]);
  });

  test('does not become a fixed size that depends on values', () => {
    const parts = {
      inputs: [value('x', 'float', [2, 3])],
      outputs: [value('y', 'int64', [2, 5])],
      nodes: [node('NonZero', ['x'], ['y'])],
    };
    expect(given(parts)).toEqual([[2, null]]);
  });

  test('is reported for each output', () => {
    const model = read({
      inputs: [value('x', 'float', ['n', 4])],
      outputs: [value('a', 'float', ['n']), value('b', 'float', ['n', 4]), value('c', 'float', ['n', 3])],
      nodes: [node('Relu', ['x'], ['a']), node('Abs', ['x'], ['b']), node('Neg', ['x'], ['c'])],
    });
    expect(model.warnings.map((text) => /output "(.)"/.exec(text)?.[1])).toEqual(['a', 'c']);
  });
});

describe('keeps a declaration without contradiction', () => {
  test.each<[string, ModelParts]>([
    ['a free size that trials find constant', one('ReduceMean', ['n', 4], ['k', 4], { axes: [0] })],
    ['an unnamed free size', one('ReduceMean', ['n', 4], [null, 4], { axes: [0] })],
    ['one name for two sizes of outputs', one('Relu', ['n', 4], ['k', 'k'])],
  ])('%s', (_, parts) => {
    const model = read(parts);
    expect(model.signature).toBe(model.declaredSignature);
    expect([model.warnings, model.signatureProof]).toEqual([[], { proved: true }]);
  });

  test('if the runtime is not used', () => {
    const model = read(transposed(), { runtimeCheck: 'skip' });
    expect(model.signature).toBe(model.declaredSignature);
    expect(model.warnings).toEqual([]);
    expect(model.signatureProof).toEqual({
      proved: false,
      reason: 'the model was not run, because runtimeCheck is "skip"',
    });
  });
});

describe('finds sizes that a model accepts', () => {
  const both = (a: Dim[], b: Dim[], op: string, y: Dim[]) => ({
    inputs: [value('a', 'float', a), value('b', 'float', b)],
    outputs: [value('y', 'float', y)],
    nodes: [node(op, ['a', 'b'], ['y'])],
  });

  test.each<[string, ModelParts, Dim[]]>([
    [
      'S15 a kernel of 3 x 3 without padding',
      one('MaxPool', ['n', 3, 'h', 'w'], ['n'], { kernel_shape: [3, 3] }),
      ['n', 3, null, null],
    ],
    [
      'S15 a kernel of 40 x 40',
      one('MaxPool', ['n', 3, 'h', 'w'], ['n'], { kernel_shape: [40, 40] }),
      ['n', 3, null, null],
    ],
    ['multiples of 32', one('SpaceToDepth', ['n', 3, 'h', 'w'], ['n'], { blocksize: 32 }), ['n', 3072, null, null]],
    ['a window of 3000', one('MaxPool', ['n', 1, 'length'], ['n'], { kernel_shape: [3000] }), ['n', 1, null]],
    ['equal sides', one('Det', ['n', 'h', 'w'], [1, 1]), ['n']],
    ['equal rows without a name', both([null, 4], [null, 4], 'Add', [4]), [null, 4]],
    ['rows with the same name', both(['n', 4], ['n', 4], 'Add', [4]), ['n', 4]],
    ['a state with its rows on axis 1', both([null, 4], [2, null, 4], 'Add', [4]), [2, null, 4]],
  ])('%s', (_, parts, dimensions) => {
    expect(given(parts)).toEqual([dimensions]);
  });

  test('or leaves the declaration unproved', () => {
    const model = read({
      inputs: [value('x', 'float', ['n', 4]), value('rows', 'int64', [1])],
      outputs: [value('y', 'float', ['n', 4])],
      nodes: [node('Gather', ['x', 'rows'], ['row']), node('Reshape', ['row', 'shape'], ['y'])],
      initializers: [initializer('shape', 'int64', [2], BigInt64Array.of(5n, 4n))],
    });
    expect(model.warnings).toEqual([]);
    expect(model.signature).toBe(model.declaredSignature);
    expect(model.signatureProof).toEqual({
      proved: false,
      reason: expect.stringMatching(
        /^it rejects generated inputs: Non-zero status code returned while running Reshape node\./,
      ),
    });
  });

  test('or reports a size without alternatives', () => {
    const parts = {
      inputs: [value('x', 'float', ['n', 'three'])],
      outputs: [value('y', 'float', ['n', 7])],
      nodes: [node('Add', ['x', 'w'], ['y'])],
      initializers: [initializer('w', 'float', [3], new Float32Array(3))],
    };
    expect(read(parts).signature.outputs[0]!.dimensions).toEqual(['n', null]);
    expect(read(parts).signatureProof).toEqual({
      proved: false,
      reason: 'with generated inputs, the model runs at only one size of dimension "three": 3',
    });
  });
});

describe('files recorded under the wrong declaration', () => {
  test('golden record and check agree with the model', () => {
    writeOnnxModel('ocr.onnx', transposed());
    expect(runCli('golden', 'record', 'ocr.onnx', '--random', '2')).toMatchObject({
      code: 0,
      stdout: 'ocr.golden.json: 2 golden examples.\n',
    });
    const { code, stdout } = runCli('check', 'ocr.onnx');
    expect([code, stdout]).toEqual([0, expect.stringContaining('golden examples: ocr.golden.json, reproduced\n')]);
    spawn.mockClear();
    const model = OnnxModel.fromFile('ocr.onnx', { golden: 'ocr.golden.json' });
    expect(model.files.map(({ path }) => path)).toEqual(['model.onnx', 'golden.json']);
    expect(spawn).not.toHaveBeenCalled();
  });

  test('a golden example of the wrong shape is omitted, with a warning', () => {
    writeFileSync('m.golden.json', goldenOf('x', [1, 2], 'y', [1, 2]));
    const model = read(transposed(), { golden: 'm.golden.json' });
    expect(model.warnings).toEqual([
      WARNING,
      'm.golden.json: the examples have the shapes that m.onnx wrongly declares, so the model cannot reproduce them. They are left out of the image. Record them again: model-serving golden record m.onnx --inputs … --out m.golden.json --force',
    ]);
    expect(model.files.map(({ path }) => path)).toEqual(['model.onnx']);
    spawn.mockClear();
    read(transposed(), { golden: 'm.golden.json' });
    expect(spawn).not.toHaveBeenCalled();
    expect(runCli('check', 'm.onnx').stdout).toContain('golden examples: m.golden.json, see the warnings\n');
  });

  test('a golden example of neither shape is an error', () => {
    writeFileSync('m.golden.json', goldenOf('x', [1, 2], 'y', [2]));
    expect(() => read(transposed(), { golden: 'm.golden.json' })).toThrow(
      /has shape \[2\], but the model declares \[seq, 1, 8\]\. .*\[golden-mismatch\]$/,
    );
  });

  test('a golden example that the model reproduces counts as a run', () => {
    // No generated value exceeds 5000, so the output always has four elements. With the golden example, it has three.
    const parts = {
      inputs: [value('x', 'float', [4])],
      outputs: [value('y', 'float', [3])],
      nodes: [
        node('Greater', ['x', 'limit'], ['isLarge']),
        node('Not', ['isLarge'], ['isSmall']),
        node('Compress', ['x', 'isSmall'], ['y']),
      ],
      initializers: [initializer('limit', 'float', [], Float32Array.of(5000))],
    };
    expect(given(parts)).toEqual([[4]]);
    writeFileSync('m.golden.json', goldenOf('x', [4], 'y', [3], [1, 2, 9000, 3], [1, 2, 3]));
    const model = read(parts, { golden: 'm.golden.json' });
    expect(model.signature.outputs[0]!.dimensions).toEqual([null]);
    expect(model.files).toHaveLength(2);
  });

  test('an accepted interface gives a warning, and can be accepted again without --breaking', () => {
    writeOnnxModel('m.onnx', transposed());
    expect(runCli('interface', 'accept', 'm.onnx', '--runtime-check', 'skip').code).toBe(0);
    expect(OnnxModel.fromFile('m.onnx').warnings).toEqual([
      WARNING,
      'm.onnx: m.interface.json (version "1") was accepted with shapes that the model declares wrongly: output "y" changes from FP32 [1, seq] to FP32 [seq, 1, 8]. The answers have not changed. Accept the interface again: model-serving interface accept m.onnx',
    ]);
    expect(runCli('interface', 'diff', 'm.onnx')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('m.interface.json: contains shapes that the model declares wrongly.\n'),
    });
    expect(runCli('interface', 'accept', 'm.onnx').code).toBe(0);
    expect(OnnxModel.fromFile('m.onnx').warnings).toEqual([WARNING]);
    // Other breaking changes are still errors.
    writeOnnxModel('m.onnx', transposed([7]));
    expect(OnnxModel.fromFile('m.onnx').warnings).toHaveLength(1);
    writeOnnxModel('m.onnx', one('Relu', [1, 'seq'], [1, 'seq']));
    expect(() => OnnxModel.fromFile('m.onnx')).toThrow(/\[interface-broken\]$/);
  });

  test('an OpenAPI file is rewritten, with a warning', () => {
    writeOnnxModel('api.onnx', transposed());
    writeFileSync('api.json', openApiOf(OnnxModel.fromFile('api.onnx', { runtimeCheck: 'skip' })));
    const model = OnnxModel.fromFile('api.onnx');
    const { stderr } = runCli('openapi', 'api.onnx', '--out', 'other.json');
    expect(stderr).not.toContain('commit it');
    const warned: string[] = [];
    synthStack((stack) => {
      const container = new ContainerizedModel(stack, 'api', { model, openApiFile: 'api.json' });
      warned.push(...container.node.metadata.map(({ data }) => String(data)));
    });
    const text =
      'has the shapes that model "api" declares instead of its actual shapes. The file is rewritten with the actual shapes; commit it.';
    expect(warned).toContain(`stack/api: openApiFile "api.json" ${text}`);
    writeFileSync('api.json', openApiOf(OnnxModel.fromFile('api.onnx', { runtimeCheck: 'skip' })));
    expect(runCli('openapi', 'api.onnx', '--out', 'api.json').stderr).toContain(
      `warning: model-serving openapi: --out "api.json" ${text}\n`,
    );
    expect(readFileSync('api.json', 'utf8')).toBe(openApiOf(model));
    expect(runCli('openapi', 'api.onnx', '--out', 'api.json').stderr).not.toContain('commit it');
  });
});

describe('inspect reports', () => {
  const signatureRow = (...args: string[]) =>
    runCli('inspect', 'm.onnx', ...args)
      .stdout.split('\n')
      .find((line) => line.startsWith('signature'));

  test('what is proved, corrected and unproved', () => {
    writeOnnxModel('m.onnx', one('Relu', ['n', 4], ['n', 4]));
    expect(signatureRow('--no-interface')).toBe('signature  as declared; proved by running the model');
    writeOnnxModel('m.onnx', transposed());
    expect(signatureRow('--no-interface')).toBe(
      'signature  actual outputs, not those that the file declares; proved by running the model',
    );
    expect(signatureRow('--no-interface', '--runtime-check', 'skip')).toBe(
      'signature  as declared; unproved: the model was not run, because runtimeCheck is "skip"',
    );
  });

  test('the same in JSON', () => {
    writeOnnxModel('m.onnx', transposed());
    expect(JSON.parse(runCli('inspect', 'm.onnx', '--json', '--no-interface').stdout)).toMatchObject({
      signatureProof: { proved: true },
      outputs: [{ name: 'y', dimensions: ['seq', 1, 8] }],
      declaredOutputs: [{ name: 'y', dimensions: [1, 'seq'] }],
    });
  });
});

/** Golden file with one example. Data that are not specified are sines. */
function goldenOf(
  input: string,
  inputShape: number[],
  output: string,
  outputShape: number[],
  inputData = values(inputShape),
  outputData = values(outputShape),
): string {
  const tensor = (name: string, shape: number[], data: number[]) => ({ name, datatype: 'FP32', shape, data });
  const request = { inputs: [tensor(input, inputShape, inputData)] };
  const response = { outputs: [tensor(output, outputShape, outputData)] };
  return JSON.stringify({ examples: [{ name: 'one', request, response }] });
}

function values(shape: number[]): number[] {
  return Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i));
}
