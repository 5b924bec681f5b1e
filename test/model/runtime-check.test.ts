import childProcess from 'node:child_process';
import { join } from 'node:path';
import { version as runtime } from 'onnxruntime-node/package.json';
import { OnnxModel } from '../../lib/onnx-model/onnx-model';
import type { OnnxModelProps } from '../../lib/onnx-model/onnx-model-props';
import { identity, initializer, node, value, writeOnnxModel, type ModelParts } from '../support/onnx-builder';
import { temporaryFolder } from '../support/temporary-folder';
import { problemsOf } from './support';

const folder = temporaryFolder();
const path = join(folder, 'm.onnx');
const valid = identity('float', ['n', 4]);
const spawn = jest.spyOn(childProcess, 'spawnSync');

function read(parts: Partial<ModelParts>, runtimeCheck?: OnnxModelProps['runtimeCheck']): OnnxModel {
  writeOnnxModel(path, { ...valid, ...parts });
  return OnnxModel.fromFile(path, { runtimeCheck });
}

/** Fakes the outcome of the next child process, for outcomes that cannot be produced on this machine. */
function childEnds(outcome: { stdout?: string; signal?: string; status?: number; error?: Error }): void {
  const result = { pid: 1, output: [], stderr: '', stdout: '', signal: null, status: null, ...outcome };
  spawn.mockReturnValueOnce(result as unknown as ReturnType<typeof childProcess.spawnSync>);
}

beforeEach(() => spawn.mockClear());

test('the check runs once for each content', () => {
  expect(read({}).warnings).toEqual([]);
  expect(spawn).toHaveBeenCalledTimes(1);
  read({});
  expect(spawn).toHaveBeenCalledTimes(1);
  read({ metadata: { other: 'content' } });
  expect(spawn).toHaveBeenCalledTimes(2);
});

test('the check does not run if skipped', () => {
  expect(read({ nodes: [node('NoSuchOperator', ['x'], ['y'])] }, 'skip').warnings).toEqual([]);
  expect(spawn).not.toHaveBeenCalled();
});

test('M4 the check finds types without a kernel: an inner bfloat16 MatMul', () => {
  const nodes = [
    node('Cast', ['x'], ['xb'], { attributes: { to: 16 } }),
    node('MatMul', ['xb', 'w'], ['yb']),
    node('Cast', ['yb'], ['y'], { attributes: { to: 1 } }),
  ];
  const initializers = [initializer('w', 'bfloat16', [4, 4], new Uint16Array(16))];
  expect(problemsOf(() => read({ nodes, initializers }))).toEqual([
    `model-not-loadable: ${path}: onnxruntime ${runtime} cannot load this model: Could not find an implementation for MatMul(13) node with name 'MatMul_yb'. onnxruntime has no CPU kernel for this operator with these types at this opset. Convert bfloat16 to float32, or export with a newer opset.`,
  ]);
});

test('M11 the check finds opsets that are too old: Relu of opset 3', () => {
  expect(problemsOf(() => read({ nodes: [node('Relu', ['x'], ['y'])], opsets: { '': 3 } }))).toEqual([
    `model-not-loadable: ${path}: onnxruntime ${runtime} cannot load this model: Could not find an implementation for Relu(1) node with name 'Relu_y'. onnxruntime has no CPU kernel for this operator with these types at this opset. Convert bfloat16 to float32, or export with a newer opset.`,
  ]);
});

test('the check finds an operator that its domain does not have', () => {
  const nodes = [node('Foo', ['x'], ['y'], { domain: 'com.microsoft' })];
  expect(problemsOf(() => read({ nodes, opsets: { '': 17, 'com.microsoft': 1 } }))).toEqual([
    `model-not-loadable: ${path}: onnxruntime ${runtime} cannot load this model: Fatal error: com.microsoft:Foo(-1) is not a registered function/op. Check the operator's name and domain, or export with an opset that includes it.`,
  ]);
});

test("messages omit locations in the runtime's sources", () => {
  const outputs = [value('z', 'float', ['n', 4])];
  expect(problemsOf(() => read({ outputs }))).toEqual([
    `model-not-loadable: ${path}: onnxruntime ${runtime} cannot load this model: This is an invalid model. Graph output (z) does not exist in the graph. Run onnx.checker.check_model(path, full_check=True) for details, and export the model again.`,
  ]);
});

test('the check finds an output that the graph contradicts if no run shows its shape', () => {
  const parts = {
    inputs: [value('x', 'float', ['n', 4]), value('shape', 'int64', [1])],
    outputs: [value('y', 'float', ['n', 5]), value('z', 'float', ['k'])],
    nodes: [node('Identity', ['x'], ['y']), node('Reshape', ['x', 'shape'], ['z'])],
  };
  expect(problemsOf(() => read(parts))).toEqual([
    `shape-contradicted: ${path}: output "y" is declared as [n, 5], but onnxruntime infers a different shape from the graph. No run with generated inputs showed the actual shape: it rejects generated inputs: Non-zero status code returned while running Reshape node. Name:'Reshape_z' Status Message: input_shape_size == requested_shape_size was false. The input tensor cannot be reshaped to the requested shape. Input shape:{2,4}, requested shape:{1}. Export the model with its actual shape.`,
  ]);
});

test('the check accepts declared shapes that are less specific, or name sizes differently', () => {
  for (const dims of [
    [null, 4],
    ['m', 4],
    ['n', 'k'],
  ]) {
    expect(problemsOf(() => read({ outputs: [value('y', 'float', dims)] }))).toEqual([]);
  }
});

test('with "warn", the check causes warnings instead of errors', () => {
  const { warnings } = read({ nodes: [node('NoSuchOperator', ['x'], ['y'])] }, 'warn');
  expect(warnings).toEqual([expect.stringContaining('No Op registered for NoSuchOperator with domain_version of 17')]);
});

describe('if the runtime', () => {
  test('cannot be loaded', () => {
    childEnds({
      stdout: 'model-serving report: {"unavailable":"libonnxruntime.so.1: cannot open shared object file"}\n',
    });
    const message = `${path}: cannot check that the model loads, because onnxruntime-node does not run on this machine: libonnxruntime.so.1: cannot open shared object file. Synthesize on Linux with glibc, macOS or Windows, or set runtimeCheck to "warn" or "skip".`;
    expect(problemsOf(() => read({ metadata: { a: '1' } }))).toEqual([`runtime-unavailable: ${message}`]);

    childEnds({
      stdout: 'model-serving report: {"unavailable":"libonnxruntime.so.1: cannot open shared object file"}\n',
    });
    expect(read({ metadata: { a: '1' } }, 'warn').warnings).toEqual([message]);
  });

  test('crashes while it runs the model, the model counts as loaded', () => {
    childEnds({ stdout: 'model-serving report: {"outputs":[]}\n', signal: 'SIGSEGV' });
    const model = read({ metadata: { a: '6' } });
    expect(model.servable).toBe(true);
    expect(model.warnings).toEqual([
      `${path}: when the model ran on generated inputs, the process that runs it was killed by SIGSEGV. A request may crash the server in the same way. Test the model on your own inputs in onnxruntime before you serve it.`,
    ]);
    expect(model.signatureProof).toEqual({
      proved: false,
      reason: 'the process that runs it was killed by SIGSEGV',
    });
    spawn.mockClear();
    expect(read({ metadata: { a: '6' } }).signatureProof).toEqual(model.signatureProof);
    expect(spawn).not.toHaveBeenCalled();
  });

  test('is killed during a run: earlier runs do not count, because other machines may complete more of them', () => {
    const run = { inputs: [[2, 4]], outputs: [[2, 4]] };
    const lines = [{ outputs: [] }, { run }, { stopped: 'its runs take more than 10 s', byLimit: true }];
    const stdout = lines.map((line) => `model-serving report: ${JSON.stringify(line)}\n`).join('');
    childEnds({ stdout, signal: 'SIGKILL' });
    const { signature, signatureProof, warnings } = read({
      metadata: { a: '8' },
      outputs: [value('y', 'float', ['n'])],
    });
    expect(signature.outputs[0]!.dimensions).toEqual(['n']);
    expect(signatureProof).toEqual({ proved: false, reason: 'its runs take more than 10 s' });
    expect(warnings).toEqual([]);
  });

  test('crashes on integers that it cannot divide: reports a warning', () => {
    const parts = {
      inputs: [value('x', 'int32', ['n']), value('by', 'int32', ['n'])],
      outputs: [value('y', 'int32', ['n'])],
      nodes: [node('Div', ['x', 'by'], ['y'])],
    };
    const { signatureProof, warnings } = read(parts);
    expect(signatureProof).toEqual({ proved: true });
    expect(warnings).toEqual([
      `${path}: when the model ran on inputs that contain -1 and the smallest integer of their type, the process that runs it was killed by SIGFPE. A request may crash the server in the same way. Test the model on your own inputs in onnxruntime before you serve it.`,
    ]);
  });

  test('crashes only on empty inputs: earlier runs count, and the server is notified', () => {
    const run = (rows: number) => ({ run: { inputs: [[rows, 4]], outputs: [[rows, 4]] } });
    const lines = [{ outputs: [] }, run(2), run(3), { edge: 'empty', shapes: [[0, 4]] }];
    const stdout = lines.map((line) => `model-serving report: ${JSON.stringify(line)}\n`).join('');
    childEnds({ stdout, signal: 'SIGABRT' });
    const model = read({ metadata: { a: '9' } });
    expect(model.signatureProof).toEqual({ proved: true });
    expect(model.warnings).toEqual([]);
    expect(model.manifest().unsafeOnEmptyInput).toEqual({});
    spawn.mockClear();
    expect(read({ metadata: { a: '9' } }).manifest().unsafeOnEmptyInput).toEqual({});
    expect(spawn).not.toHaveBeenCalled();
  });

  test('exceeds a limit on empty inputs: earlier runs count, and nothing is known about empty inputs', () => {
    const run = (rows: number) => ({ run: { inputs: [[rows, 4]], outputs: [[rows, 4]] } });
    const limit = { stopped: 'its runs take more than 10 s', byLimit: true };
    const lines = [{ outputs: [] }, run(2), run(3), { edge: 'empty', shapes: [[0, 4]] }, limit];
    const stdout = lines.map((line) => `model-serving report: ${JSON.stringify(line)}\n`).join('');
    childEnds({ stdout, signal: 'SIGKILL' });
    const model = read({ metadata: { a: '10' } });
    expect(model.signatureProof).toEqual({ proved: true });
    expect(model.warnings).toEqual([]);
    expect(model.manifest().unsafeOnEmptyInput).toBeUndefined();
  });

  test('crashes', () => {
    childEnds({ signal: 'SIGSEGV' });
    expect(problemsOf(() => read({ metadata: { a: '2' } }))).toEqual([
      expect.stringContaining('cannot load this model: the process that loads it was killed by SIGSEGV.'),
    ]);
    childEnds({ status: 134, stdout: 'another line' });
    expect(problemsOf(() => read({ metadata: { a: '2' } }))).toEqual([
      expect.stringContaining('cannot load this model: the process that loads it exited with code 134.'),
    ]);
  });

  test('hangs', () => {
    childEnds({ error: Object.assign(new Error('spawnSync node ETIMEDOUT'), { code: 'ETIMEDOUT' }) });
    expect(problemsOf(() => read({ metadata: { a: '3' } }))).toEqual([
      expect.stringContaining('cannot load this model: the process that loads it took more than 600 s.'),
    ]);
  });

  test('failed once: the check is repeated', () => {
    childEnds({ signal: 'SIGKILL' });
    expect(problemsOf(() => read({ metadata: { a: '4' } }))).toHaveLength(1);
    expect(problemsOf(() => read({ metadata: { a: '4' } }))).toEqual([]);
  });

  test('shares its output with modules loaded by NODE_OPTIONS', () => {
    childEnds({ stdout: 'hello\nmodel-serving report: {"outputs":[]}\r\nbye\n' });
    expect(problemsOf(() => read({ metadata: { a: '5' } }))).toEqual([]);
  });
});
