import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { OnnxModel } from 'cdktf-model-serving';
import {
  externalInitializer,
  initializer,
  node,
  value,
  writeOnnxModel,
  type ModelParts,
} from '../support/onnx-builder';
import { runCli } from '../support/run-cli';
import { temporaryFolder } from '../support/temporary-folder';
import { transposed } from '../support/untrue-models';

const folder = temporaryFolder();
const home = process.cwd();
beforeAll(() => process.chdir(folder));
afterAll(() => process.chdir(home));
beforeEach(() => {
  for (const file of readdirSync('.').filter((name) => name !== 'cache')) rmSync(file, { recursive: true });
});

const WEIGHTS = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i));

/** Model whose input is FP32 [1, 4] and whose output is FP32 [1, 3]. */
const dense: ModelParts = {
  inputs: [value('x', 'float', [1, 4])],
  outputs: [value('y', 'float', [1, 3])],
  nodes: [node('MatMul', ['x', 'w'], ['h']), node('Softmax', ['h'], ['y'], { attributes: { axis: 1 } })],
  initializers: [initializer('w', 'float', [4, 3], WEIGHTS)],
};

const rebatch = (...args: string[]) => runCli('rebatch', 'm.onnx', '--out', 'free.onnx', ...args);

const WRITTEN = 'free.onnx: dimension "batch" counts rows: dimension 0 of input "x", dimension 0 of output "y".\n';
const REST =
  'OpenAPI documents and clients of m.onnx do not apply to free.onnx. Generate them again: model-serving openapi, model-serving client\nAccept the interface: model-serving interface accept free.onnx\n';

test('writes a model for any number of rows with the same answers as the model for one row', () => {
  writeOnnxModel('m.onnx', dense);
  const { code, stdout, stderr } = rebatch();
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout.replace(/rows, alone .*/, 'rows …')).toBe(
    `${WRITTEN}Compared with m.onnx: 4 generated rows …\n${REST}`,
  );
  expect(stdout).toMatch(
    /alone and in runs of up to 8 rows; outputs (are bitwise identical|differ by up to \S+e-\d+ times the largest magnitude in a row's output)\.\n/,
  );
  const { signature } = OnnxModel.fromFile('free.onnx');
  expect([...signature.inputs, ...signature.outputs].map(({ dimensions }) => dimensions)).toEqual([
    ['batch', 4],
    ['batch', 3],
  ]);
  expect(readdirSync('.').sort()).toEqual(['cache', 'free.onnx', 'm.onnx']);
});

test('frees the axis on which an output has its rows, whatever the file declares', () => {
  const { nodes, ...rest } = transposed();
  const [transpose, ...others] = nodes as [ReturnType<typeof node>];
  const softmax = node('Softmax', ['x'], ['shares'], { attributes: { axis: 1 } });
  writeOnnxModel('m.onnx', { ...rest, nodes: [softmax, { ...transpose, input: ['shares'] }, ...others] });
  expect(rebatch().stdout).toContain('dimension 0 of input "x", dimension 1 of output "y".\n');
  const { signature, warnings } = OnnxModel.fromFile('free.onnx');
  expect([signature.outputs[0]!.dimensions, warnings]).toEqual([['seq', 'batch', 8], []]);
});

test('gives the rows a name that no other dimension has', () => {
  writeOnnxModel('m.onnx', {
    inputs: [value('x', 'float', [1, 'batch'])],
    outputs: [value('y', 'float', [1, 'batch'])],
    nodes: [node('Softmax', ['x'], ['y'], { attributes: { axis: 1 } })],
  });
  expect(rebatch().stdout).toContain('dimension "rows" counts rows');
});

describe('golden examples', () => {
  test('are copied with their files once they are reproduced', () => {
    const count = 5000;
    writeOnnxModel('m.onnx', {
      inputs: [value('x', 'float', [1, count])],
      outputs: [value('y', 'float', [1, count])],
      nodes: [node('Relu', ['x'], ['y'])],
    });
    expect(runCli('golden', 'record', 'm.onnx', '--random', '3').code).toBe(0);
    mkdirSync('other');
    const { code, stdout } = runCli('rebatch', 'm.onnx', '--out', 'other/free.onnx');
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining('other/free.golden.json: 3 golden examples, reproduced.\n'),
    ]);
    expect(stdout).toContain('4 generated rows and 3 rows of golden examples, alone and in runs of up to 8 rows; ');
    expect(readdirSync('other/m.golden')).toHaveLength(6);
    expect(runCli('check', 'other/free.onnx')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('golden examples: other/free.golden.json, reproduced\n'),
    });
  });

  test('that are not reproduced are not copied, and the reason is printed', () => {
    writeOnnxModel('m.onnx', dense);
    writeFileSync('m.golden.json', exampleOf([0, 0, 0]));
    const { code, stderr } = rebatch();
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^warning: golden examples were not copied: m\.golden\.json: example "one": output "y" at \[0, 0\] is 0\.\d+; expected 0/,
    );
    expect(existsSync('free.golden.json')).toBe(false);
  });
});

describe('a model is refused', () => {
  const refused = (parts: ModelParts) => {
    writeOnnxModel('m.onnx', parts);
    const { code, stdout, stderr } = rebatch();
    expect([code, stdout]).toEqual([1, '']);
    expect(readdirSync('.').sort()).toEqual(['cache', 'm.onnx']);
    return stderr;
  };

  test('whose rows would influence each other, with the node', () => {
    const nodes = [
      node('MatMul', ['x', 'w'], ['h']),
      node('Softmax', ['h'], ['y'], { attributes: { axis: 0 }, name: 'over' }),
    ];
    expect(refused({ ...dense, nodes })).toMatch(
      /^m\.onnx: with a free first dimension, the rows are not proved independent at node "over" \(Softmax\): .+\. If the network treats each row separately, export the model again with a symbolic first dimension .*\[rebatch-unproved\]\n$/,
    );
  });

  test('whose first dimension is not 1', () => {
    expect(refused({ ...dense, inputs: [value('x', 'float', [2, 4])], outputs: [value('y', 'float', [2, 3])] })).toBe(
      'm.onnx: input "x" has a fixed first dimension, 2, but only a first dimension of 1 can be freed. Export the model with a symbolic first dimension (dynamic_shapes or dynamic_axes of torch.onnx.export). [rebatch-not-one]\n',
    );
  });

  test('whose rows are free', () => {
    expect(
      refused({ ...dense, inputs: [value('x', 'float', ['n', 4])], outputs: [value('y', 'float', ['n', 3])] }),
    ).toBe(
      'm.onnx: the number of rows is already free (dimension 0 of input "x"), so requests can share runs. Serve the model as it is. [rebatch-not-needed]\n',
    );
  });

  test('that refuses all generated inputs, unless golden examples can share a run', () => {
    // The model looks up an element of a table of three. The index is the input plus 5000, so it is out of range for
    // generated inputs.
    const parts: ModelParts = {
      inputs: [value('x', 'float', [1, 4]), value('s', 'float', [1, 1])],
      outputs: [value('y', 'float', [1, 4])],
      nodes: [
        node('Add', ['s', 'far'], ['index']),
        node('Cast', ['index'], ['row'], { attributes: { to: 7 } }),
        node('Gather', ['table', 'row'], ['found']),
        node('Add', ['x', 'found'], ['sum']),
        node('Reshape', ['sum', 'shape'], ['y']),
      ],
      initializers: [
        initializer('far', 'float', [], Float32Array.of(5000)),
        initializer('table', 'float', [3], Float32Array.of(1, 2, 3)),
        initializer('shape', 'int64', [2], BigInt64Array.of(-1n, 4n)),
      ],
    };
    expect(refused(parts)).toMatch(
      /the model rejects generated rows, and no two of its golden examples can share a run\. .*\[rebatch-not-compared\]\n$/,
    );
    const example = (name: string, s: number, y: number[]) => ({
      name,
      request: { inputs: [tensor('x', [1, 4], [1, 2, 3, 4]), tensor('s', [1, 1], [s])] },
      response: { outputs: [tensor('y', [1, 4], y)] },
    });
    const examples = [example('one', -5000, [2, 3, 4, 5]), example('two', -4999, [3, 4, 5, 6])];
    writeFileSync('m.golden.json', JSON.stringify({ examples }));
    expect(rebatch()).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(
        '2 rows of golden examples, alone and in runs of up to 2 rows; outputs are bitwise identical.\n',
      ),
    });
  });
});

describe('existing files', () => {
  beforeEach(() => {
    writeOnnxModel('m.onnx', dense);
    expect(rebatch().code).toBe(0);
  });

  test('are not overwritten without --force', () => {
    const before = readFileSync('free.onnx');
    expect(rebatch()).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'free.onnx: this file already exists. Choose a different file with --out, or overwrite it with --force. [rebatch-exists]\n',
    });
    expect(rebatch('--force').code).toBe(0);
    expect(readFileSync('free.onnx')).toEqual(before);
    writeFileSync('m.golden.json', exampleOf([0, 0, 0]));
    writeFileSync('free.golden.json', '{}');
    rmSync('free.onnx');
    expect(rebatch().stderr).toMatch(/^free\.golden\.json: this file already exists\./);
  });

  test('are never the model itself', () => {
    expect(runCli('rebatch', 'm.onnx', '--out', './m.onnx', '--force').stderr).toBe(
      '--out ./m.onnx is the same file as m.onnx. Use another path. [rebatch-onto-itself]\n',
    );
  });

  test('that belong to another model are named', () => {
    writeFileSync('m.profile.json', '{}');
    writeFileSync('free.interface.json', '{}');
    const { stdout } = rebatch('--force');
    expect(stdout).toContain(
      'm.profile.json does not apply to free.onnx: measure it: model-serving profile free.onnx\n',
    );
    expect(stdout).toContain('free.interface.json does not apply to free.onnx: see below\n');
  });
});

describe('weights in other files', () => {
  beforeEach(() => {
    writeFileSync('w.bin', Buffer.from(WEIGHTS.buffer));
    writeOnnxModel('m.onnx', { ...dense, initializers: [externalInitializer('w', 'float', [4, 3], 'w.bin')] });
  });

  test('stay in place beside the new model, and are copied to another folder', () => {
    expect(rebatch().code).toBe(0);
    expect(runCli('rebatch', 'm.onnx', '--out', 'far/away/free.onnx').code).toBe(0);
    expect(readFileSync('far/away/w.bin')).toEqual(readFileSync('w.bin'));
    expect(OnnxModel.fromFile('far/away/free.onnx').files.map(({ path }) => path)).toEqual(['model.onnx', 'w.bin']);
  });

  test('are not confused with other files of the same name', () => {
    mkdirSync('far');
    writeFileSync('far/w.bin', 'something else');
    expect(runCli('rebatch', 'm.onnx', '--out', 'far/free.onnx').stderr).toBe(
      'far/w.bin: m.onnx stores weights in a file of this name, but the existing file has different content. Write to another folder with --out. [rebatch-data-differs]\n',
    );
    expect(readdirSync('far')).toEqual(['w.bin']);
  });
});

test('inspect says when rebatch is possible', () => {
  writeOnnxModel('m.onnx', dense);
  expect(runCli('inspect', 'm.onnx').stdout).toContain('`model-serving rebatch` can free the first dimension\n');
  rebatch();
  expect(runCli('inspect', 'free.onnx').stdout).not.toContain('rebatch');
  expect(JSON.parse(runCli('inspect', 'm.onnx', '--json').stdout)).toMatchObject({ rebatchable: true });
});

test('inspect says why rebatch is not possible', () => {
  const coupling = node('Softmax', ['h'], ['y'], { name: 'soft', attributes: { axis: 0 } });
  writeOnnxModel('m.onnx', { ...dense, nodes: [node('MatMul', ['x', 'w'], ['h']), coupling] });
  expect(runCli('inspect', 'm.onnx').stdout).toMatch(
    /input "x" has a fixed first dimension, 1; even with a free first dimension, requests could not share runs: node "soft" \(Softmax\) .+\n/,
  );
});

test('printed commands work in a shell, whatever the path', () => {
  writeOnnxModel('m.onnx', dense);
  const { stdout } = runCli('rebatch', 'm.onnx', '--out', "it's free/m.onnx");
  expect(stdout).toContain("Accept the interface: model-serving interface accept 'it'\\''s free/m.onnx'\n");
});

function tensor(name: string, shape: number[], data: number[]) {
  return { name, datatype: 'FP32', shape, data };
}

function exampleOf(y: number[]): string {
  const request = { inputs: [tensor('x', [1, 4], [1, 2, 3, 4])] };
  return JSON.stringify({ examples: [{ name: 'one', request, response: { outputs: [tensor('y', [1, 3], y)] } }] });
}
