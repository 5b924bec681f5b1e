import childProcess from 'node:child_process';
import fs from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from '../support/root';
import { modelManifestSchema } from '../../inference-image/src/contract/manifest-schema';
import { wireShape } from '../../inference-image/src/contract/signature';
import { OnnxModel } from '../../lib/onnx-model/onnx-model';
import * as graphs from '../../lib/model/read-graph';
import {
  externalInitializer,
  identity,
  initializer,
  node,
  value,
  writeOnnxModel,
  type Elem,
  type ModelParts,
} from '../support/onnx-builder';
import { temporaryFolder } from '../support/temporary-folder';
import { age, problemsOf } from '../model/support';

const folder = temporaryFolder();
const path = join(folder, 'digits.v2.onnx');

function read(parts: ModelParts): OnnxModel {
  writeOnnxModel(path, parts);
  return OnnxModel.fromFile(path, { runtimeCheck: 'skip' });
}

test('minimal', () => {
  writeOnnxModel(path, identity('float', ['batch', 4]));
  const model = OnnxModel.fromFile(path);
  expect(model.name).toBe('digits.v2');
  expect(model.version).toBe('1');
  expect(model.sha256).toBe(model.files[0]?.sha256);
  expect(model.sizeBytes).toBe(fs.statSync(path).size);
  expect(model.irVersion).toBe(8);
  expect(model.opsets).toEqual({ 'ai.onnx': 17 });
  expect(model.operators).toEqual(['Identity']);
  expect(model.metadata).toEqual({});
  expect(model.batching).toEqual({ verdict: 'independent', inputAxes: [0], outputAxes: [0] });
  expect(model.warnings).toEqual([]);
  expect(model.signature).toEqual({
    inputs: [{ name: 'x', datatype: 'FP32', dimensions: ['batch', 4] }],
    outputs: [{ name: 'y', datatype: 'FP32', dimensions: ['batch', 4] }],
  });
});

test('maximum', () => {
  const weights = join(folder, 'w.bin');
  const golden = join(folder, 'golden.json');
  const tensor = { name: 'x', datatype: 'FP32', shape: [1, 4], data: [0, 0, 0, 0] };
  const example = { name: 'zero', request: { inputs: [tensor] }, response: { outputs: [{ ...tensor, name: 'y' }] } };
  fs.writeFileSync(weights, new Float32Array(4));
  fs.writeFileSync(golden, JSON.stringify({ examples: [example] }));
  writeOnnxModel(path, {
    inputs: [value('x', 'float', ['batch', 4])],
    outputs: [value('y', 'float', ['batch', 4])],
    nodes: [node('Gelu', ['x'], ['g'], { domain: 'com.microsoft' }), node('Add', ['g', 'w'], ['y'])],
    initializers: [externalInitializer('w', 'float', [4], 'w.bin')],
    opsets: { '': 17, 'com.microsoft': 1 },
    metadata: { author: 'me' },
  });
  const props = { name: 'digits', version: '2024-06', golden, runtimeCheck: 'require' } as const;
  const model = OnnxModel.fromFile(path, props);
  expect(model.operators).toEqual(['Add', 'com.microsoft:Gelu']);
  expect(model.opsets).toEqual({ 'ai.onnx': 17, 'com.microsoft': 1 });
  expect(model.metadata).toEqual({ author: 'me' });

  const manifest = model.manifest();
  expect(modelManifestSchema.parse(manifest)).toEqual(manifest);
  expect(manifest).toEqual({
    contractVersion: 2,
    name: 'digits',
    version: '2024-06',
    sha256: model.sha256,
    files: ['model.onnx', 'w.bin', 'golden.json'].map((name, index) => ({
      path: name,
      sha256: model.files[index]?.sha256,
      sizeBytes: model.files[index]?.sizeBytes,
    })),
    signature: model.signature,
    batching: { verdict: 'independent', inputAxes: [0], outputAxes: [0] },
    properties: { authors: 'me' },
  });
});

test('paths are relative to the working directory, and absolute in files', () => {
  writeOnnxModel(path, identity('float', ['batch', 4]));
  const model = OnnxModel.fromFile(relative(process.cwd(), path), { runtimeCheck: 'skip' });
  expect(model.files[0]?.sourcePath).toBe(path);
});

test('the example of this repository', () => {
  const examples = join(ROOT, 'examples/digits');
  const model = OnnxModel.fromFile(join(examples, 'digits.onnx'), { golden: join(examples, 'digits.golden.json') });
  expect(model.signature).toEqual({
    inputs: [{ name: 'image', datatype: 'FP32', dimensions: ['batch', 3, 32, 32] }],
    outputs: [{ name: 'logits', datatype: 'FP32', dimensions: ['batch', 10] }],
  });
  expect(model.batching).toEqual({ verdict: 'independent', inputAxes: [0], outputAxes: [0] });
});

test.each<[Elem, string]>([
  ['float', 'FP32'],
  ['double', 'FP64'],
  ['float16', 'FP16'],
  ['int8', 'INT8'],
  ['int16', 'INT16'],
  ['int32', 'INT32'],
  ['int64', 'INT64'],
  ['uint8', 'UINT8'],
  ['uint16', 'UINT16'],
  ['uint32', 'UINT32'],
  ['uint64', 'UINT64'],
  ['bool', 'BOOL'],
  ['string', 'BYTES'],
])('%s is %s', (elem, datatype) => {
  expect(read(identity(elem, ['n'])).signature.inputs[0]?.datatype).toBe(datatype);
});

test('an operator of the default domain has one name', () => {
  const nodes = [
    node('Relu', ['x'], ['r']),
    node('Relu', ['r'], ['s'], { domain: 'ai.onnx' }),
    node('Abs', ['s'], ['y']),
  ];
  expect(read({ ...identity('float', ['n']), nodes }).operators).toEqual(['Abs', 'Relu']);
});

test('M10 free sizes are -1 on the wire', () => {
  const [x] = read(identity('float', [null, 'unk__16', 3, 0, -1])).signature.inputs;
  expect(x?.dimensions).toEqual([null, 'unk__16', 3, null, null]);
  expect(x && wireShape(x)).toEqual([-1, -1, 3, -1, -1]);
});

test('M13 weights in the list of inputs are not inputs', () => {
  const parts: ModelParts = {
    inputs: [value('w', 'float', [4]), value('x', 'float', ['n', 4]), value('b', 'float', [4])],
    outputs: [value('y', 'float', ['n', 4])],
    nodes: [node('Mul', ['x', 'w'], ['m']), node('Add', ['m', 'b'], ['y'])],
    initializers: ['w', 'b'].map((name) => initializer(name, 'float', [4], new Float32Array(4))),
    irVersion: 3,
  };
  expect(read(parts).signature.inputs.map(({ name }) => name)).toEqual(['x']);
});

describe('a known model', () => {
  const weights = join(folder, 'large.bin');
  const metadata = { note: 'so that the file is too large for a Git LFS pointer'.repeat(20) };

  beforeAll(() => {
    // The file is sparse: its 64 MiB use no disk space.
    fs.writeFileSync(weights, '');
    fs.truncateSync(weights, 64 << 20);
    writeOnnxModel(path, {
      ...identity('float', ['n', 4]),
      initializers: [externalInitializer('w', 'uint8', [64 << 20], 'large.bin')],
      metadata,
    });
    age(path);
    age(weights);
  });

  test('is neither read nor decoded nor loaded again', () => {
    const read = jest.spyOn(fs, 'readSync');
    const spawn = jest.spyOn(childProcess, 'spawnSync');
    const first = OnnxModel.fromFile(path);
    expect(read).toHaveBeenCalled();
    expect(spawn).toHaveBeenCalledTimes(1);

    read.mockClear();
    spawn.mockClear();
    jest.isolateModules(() => {
      jest.doMock('protobufjs/light', () => {
        throw new Error('protobufjs is loaded');
      });
      jest.doMock('zod', () => {
        throw new Error('zod is loaded');
      });
      const fresh = jest.requireActual<typeof import('../../lib/onnx-model/onnx-model')>(
        '../../lib/onnx-model/onnx-model',
      );
      expect(JSON.stringify(fresh.OnnxModel.fromFile(path))).toBe(JSON.stringify(first));
    });
    expect(read).not.toHaveBeenCalled();
    expect(spawn).not.toHaveBeenCalled();
  });

  test('is the same after its file is touched', () => {
    const first = OnnxModel.fromFile(path);
    age(path, 30);
    expect(OnnxModel.fromFile(path)).toEqual(first);
  });
});

test('a file that changes while it is read is not cached', () => {
  writeOnnxModel(path, identity('float', ['n', 11]));
  const readGraph = jest.spyOn(graphs, 'readGraph').mockImplementationOnce((file) => {
    writeOnnxModel(path, identity('float', ['n', 12]));
    return graphs.readGraph(file);
  });
  expect(problemsOf(() => OnnxModel.fromFile(path, { runtimeCheck: 'skip' }))).toEqual([
    `file-changed: ${path}: the file changed while it was being read. Synthesize again once the file is complete.`,
  ]);
  readGraph.mockRestore();
});
