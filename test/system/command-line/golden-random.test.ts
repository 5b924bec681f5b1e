import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { initializer, node, value, writeOnnxModel, type ModelParts } from '../../support/onnx-builder';
import { runCli } from '../../support/run-cli';
import { temporaryFolder } from '../../support/temporary-folder';

const folder = temporaryFolder();
const home = process.cwd();
beforeAll(() => process.chdir(folder));
afterAll(() => process.chdir(home));
beforeEach(() => {
  for (const file of files()) rmSync(file, { recursive: true });
});

/** Lists the files in the folder, without the library's cache. */
const files = () => readdirSync('.').filter((file) => file !== 'cache');

const record = (...args: string[]) => runCli('golden', 'record', 'm.onnx', ...args);

interface Recorded {
  name: string;
  datatype: string;
  shape: number[];
  data: any[];
}

/** Inputs and outputs of the recorded examples, by name. */
function examples(): { inputs: Record<string, Recorded>; outputs: Record<string, Recorded> }[] {
  const byName = (tensors: Recorded[]) => Object.fromEntries(tensors.map((tensor) => [tensor.name, tensor]));
  const all = JSON.parse(readFileSync('m.golden.json', 'utf8')).examples as any[];
  return all.map(({ request, response }) => ({ inputs: byName(request.inputs), outputs: byName(response.outputs) }));
}

function random(parts: ModelParts, ...args: string[]) {
  writeOnnxModel('m.onnx', parts);
  const result = record('--random', '3', ...args);
  expect(result).toEqual({ code: 0, stdout: 'm.golden.json: 3 golden examples.\n', stderr: expect.any(String) });
  return examples();
}

const weights = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(1 + i));

/** Model that applies attention to the embeddings of ids. The scores of masked positions become minus infinity. */
function encoder(scale = 1, isInverted = false): ModelParts {
  const parts = isInverted ? ['least', 'scores'] : ['scores', 'least'];
  return {
    inputs: [value('ids', 'int64', ['batch', 'sequence']), value('attention', 'int64', ['batch', 'sequence'])],
    outputs: [value('y', 'float', ['batch', 'sequence', 4])],
    nodes: [
      node('Gather', ['table', 'ids'], ['found']),
      node('Transpose', ['found'], ['turned'], { attributes: { perm: [0, 2, 1] } }),
      node('MatMul', ['found', 'turned'], ['scores']),
      node('Cast', ['attention'], ['isMasked'], { attributes: { to: 9 } }),
      node('Unsqueeze', ['isMasked', 'one'], ['mask']),
      node('Where', ['mask', ...parts], ['masked']),
      node('Softmax', ['masked'], ['share'], { attributes: { axis: -1 } }),
      node('MatMul', ['share', 'found'], ['y']),
    ],
    initializers: [
      initializer(
        'table',
        'float',
        [7, 4],
        weights(28).map((weight) => scale * weight),
      ),
      initializer('one', 'int64', [1], BigInt64Array.of(1n)),
      initializer('least', 'float', [], Float32Array.of(-Infinity)),
    ],
  };
}

describe('M25 random requests fit the graph:', () => {
  test('masks are ones, indices are below the rows of their table, and the number of rows varies', () => {
    const all = random(encoder());
    expect(all.map(({ inputs }) => inputs['ids']!.shape[0])).toEqual([1, 2, 3]);
    for (const { inputs, outputs } of all) {
      expect(new Set(inputs['attention']!.data)).toEqual(new Set([1]));
      expect(Math.max(...inputs['ids']!.data)).toBeLessThan(7);
      expect(outputs['y']!.data.every(Number.isFinite)).toBe(true);
    }
  });

  test('a mask that marks positions to ignore is all zeros', () => {
    for (const { inputs, outputs } of random(encoder(1, true))) {
      expect(new Set(inputs['attention']!.data)).toEqual(new Set([0]));
      expect(outputs['y']!.data.every(Number.isFinite)).toBe(true);
    }
  });

  test('a weight changed by 1 % is detected', () => {
    random(encoder());
    writeOnnxModel('m.onnx', encoder(1.01));
    const { code, stderr } = runCli('check', 'm.onnx');
    expect(code).toBe(1);
    expect(stderr).toContain('m.golden.json: example "random 1": output "y" at [');
    expect(stderr).toContain(
      'record the example again: model-serving golden record m.onnx --random 3 --force [golden-drift]',
    );
  });

  test('sizes are large enough for reflection padding', () => {
    const [first] = random({
      inputs: [value('x', 'float', ['n', 3, null])],
      outputs: [value('y', 'float', ['n', 3, null])],
      nodes: [node('Pad', ['x', 'pads'], ['y'], { attributes: { mode: 'reflect' } })],
      initializers: [initializer('pads', 'int64', [6], BigInt64Array.of(0n, 0n, 4n, 0n, 0n, 4n))],
    });
    expect(first!.inputs['x']!.shape[2]).toBeGreaterThan(4);
  });

  test('lengths are those of the sequences', () => {
    const all = random({
      inputs: [value('x', 'float', ['batch', 'time', 2]), value('sizes', 'int64', ['batch'])],
      outputs: [value('y', 'float', ['batch', 'time', 2])],
      nodes: [node('ReverseSequence', ['x', 'sizes'], ['y'], { attributes: { batch_axis: 0, time_axis: 1 } })],
    });
    for (const { inputs } of all) {
      const [rows, time] = inputs['x']!.shape;
      expect(inputs['sizes']!.data).toEqual(new Array(rows).fill(time));
    }
  });

  test('strings come from the lists in the graph', () => {
    const all = random({
      inputs: [value('x', 'string', ['n', 1])],
      outputs: [value('y', 'int64', ['n', 1])],
      nodes: [
        node('LabelEncoder', ['x'], ['y'], {
          domain: 'ai.onnx.ml',
          attributes: { keys_strings: { strings: ['rot', 'grün', 'blau'] }, values_int64s: [5, 6, 7] },
        }),
      ],
      opsets: { '': 17, 'ai.onnx.ml': 2 },
    });
    const texts = all.flatMap(({ inputs }) => inputs['x']!.data);
    expect(new Set(['rot', 'grün', 'blau', ...texts]).size).toBe(3);
    expect(all.flatMap(({ outputs }) => outputs['y']!.data)).not.toContain(-1);
  });

  test('both branches of a condition are run', () => {
    const branch = (name: string, weight: string) => ({
      name,
      node: [node('Mul', ['x', weight], [name])],
      output: [value(name, 'float', ['n'])],
    });
    const all = random({
      inputs: [value('x', 'float', ['n']), value('rate', 'int64', [])],
      outputs: [value('y', 'float', ['n'])],
      nodes: [
        node('Equal', ['rate', 'known'], ['isKnown']),
        node('If', ['isKnown'], ['y'], {
          attributes: { then_branch: { graph: branch('a', 'two') }, else_branch: { graph: branch('b', 'three') } },
        }),
      ],
      initializers: [
        initializer('known', 'int64', [], BigInt64Array.of(16000n)),
        initializer('two', 'float', [1], Float32Array.of(2)),
        initializer('three', 'float', [1], Float32Array.of(3)),
      ],
    });
    expect(all.map(({ inputs }) => inputs['rate']!.data)).toEqual([[16000], [0], [16000]]);
  });

  test('every input affects the answers', () => {
    const all = random({
      inputs: [value('x', 'float', ['n', null]), value('state', 'float', ['n', 1])],
      outputs: [value('y', 'float', ['n', 1])],
      nodes: [
        // The slice of a short input is empty, so the answer is only the state.
        node('Slice', ['x', 'start', 'end', 'one'], ['rest']),
        node('ReduceSum', ['rest', 'one'], ['sum']),
        node('Add', ['sum', 'state'], ['y']),
      ],
      initializers: [
        initializer('start', 'int64', [1], BigInt64Array.of(20n)),
        initializer('end', 'int64', [1], BigInt64Array.of(1n << 40n)),
        initializer('one', 'int64', [1], BigInt64Array.of(1n)),
      ],
    });
    for (const { inputs } of all) expect(inputs['x']!.shape[1]).toBeGreaterThan(20);
  });

  test('sizes can be set for dimensions with and without a name', () => {
    const parts: ModelParts = {
      inputs: [value('x', 'float', ['n', null, 'wide'])],
      outputs: [value('y', 'float', ['n', null, 'wide'])],
      nodes: [node('Relu', ['x'], ['y'])],
    };
    const all = random(parts, '--dimension', 'wide=5', '--dimension', 'x:1=2');
    expect(all.map(({ inputs }) => inputs['x']!.shape)).toEqual([1, 2, 3].map((rows) => [rows, 2, 5]));
    const rows = random(parts, '--force', '--dimension', 'n=4');
    expect(rows.map(({ inputs }) => inputs['x']!.shape[0])).toEqual([4, 4, 4]);
    expect(record('--random', '1', '--force', '--dimension', 'high=5').stderr).toBe(
      'm.onnx: --dimension high: no input has a free dimension with this name. Use one of "n", "x:1", "wide". [dimension-unknown]\n',
    );
  });

  test('outputs have the tolerance that rounding requires, or the one that the options set', () => {
    const outputs = () => examples().map(({ outputs }) => (outputs['y'] as any).tolerance);
    random(encoder());
    for (const { absolute } of outputs()) {
      expect(absolute).toBeGreaterThan(1e-7);
      expect(absolute).toBeLessThan(1e-4);
    }
    random(encoder(), '--force', '--relative', '0.01');
    expect(outputs()).toEqual([undefined, undefined, undefined]);
  });
});

describe('answers to different requests differ', () => {
  const labels: ModelParts = {
    inputs: [value('x', 'float', ['n', 2])],
    outputs: [value('y', 'int64', ['n'])],
    nodes: [node('ArgMax', ['x'], ['y'], { attributes: { axis: 1, keepdims: 0 } })],
  };

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('if the model returns only labels, with seed %i', (seed) => {
    for (const parts of [labels, { ...labels, inputs: [value('x', 'float', [1, 2])] }]) {
      writeOnnxModel('m.onnx', parts);
      expect(record('--random', '2', '--force', '--seed', String(seed))).toMatchObject({ code: 0 });
      const [first, second] = examples().map(({ outputs }) => outputs['y']!.data);
      expect(second![0]).toBe(1 - first![0]);
    }
  });

  test('if one label is rare', () => {
    const bias = initializer('bias', 'float', [2], Float32Array.of(1.4, 0));
    writeOnnxModel('m.onnx', {
      ...labels,
      nodes: [
        node('Add', ['x', 'bias'], ['z']),
        node('ArgMax', ['z'], ['y'], { attributes: { axis: 1, keepdims: 0 } }),
      ],
      initializers: [bias],
    });
    for (const seed of ['1', '2', '3', '4']) {
      expect(record('--random', '2', '--force', '--seed', seed)).toMatchObject({ code: 0 });
      expect(new Set(examples().flatMap(({ outputs }) => outputs['y']!.data))).toEqual(new Set([0, 1]));
    }
  });
});

test('answers of different lengths count as different', () => {
  const places: ModelParts = {
    inputs: [value('x', 'bool', ['n'])],
    outputs: [value('y', 'int64', [1, null])],
    nodes: [node('NonZero', ['x'], ['y'])],
  };
  writeOnnxModel('m.onnx', places);
  const inputs = [
    [true, false, false],
    [true, true, false],
  ].map((data, i) => {
    writeFileSync(`${i}.json`, JSON.stringify({ inputs: [{ name: 'x', datatype: 'BOOL', shape: [3], data }] }));
    return `${i}.json`;
  });
  expect(record('--inputs', ...inputs)).toMatchObject({ code: 0 });
});

test('an output whose number of dimensions depends on the request is recorded and checked', () => {
  const all = random({
    inputs: [value('x', 'float', ['n', 'm'])],
    outputs: [value('y', 'float', ['n', 'm'])],
    nodes: [node('Squeeze', ['x'], ['y'])],
  });
  expect(all.map(({ outputs }) => outputs['y']!.shape.length)).toEqual([1, 2, 2]);
  expect(runCli('check', 'm.onnx')).toMatchObject({ code: 0, stderr: '' });
  writeFileSync('m.golden.json', readFileSync('m.golden.json', 'utf8').replace('"name": "y", "datatype": "FP32", "shape": [', '$&1,1,')); // prettier-ignore
  expect(runCli('check', 'm.onnx').stderr).toContain('[golden-mismatch]');
});

describe('refuses, and writes nothing:', () => {
  const OWN =
    'Set the sizes that the model needs with --dimension NAME=SIZE, or pass your own requests with --inputs instead of --random.';

  function refused(parts: ModelParts, ...args: string[]): string {
    writeOnnxModel('m.onnx', parts);
    const before = files();
    const { code, stderr } = record(...args);
    expect(code).toBe(1);
    expect(files()).toEqual(before);
    return stderr;
  }

  function request(name: string, ...tensors: object[]): string {
    writeFileSync(`${name}.json`, JSON.stringify({ inputs: tensors }));
    return `${name}.json`;
  }

  const one = (nodes: object[], initializers: object[] = []): ModelParts => ({
    inputs: [value('x', 'float', ['n', 2])],
    outputs: [value('y', 'float', ['n', 2])],
    nodes,
    initializers,
  });
  const x = (...data: number[]) => ({ name: 'x', datatype: 'FP32', shape: [1, 2], data });

  test('answers that are NaN', () => {
    const parts = one([node('Mul', ['x', 'nan'], ['y'])], [initializer('nan', 'float', [], Float32Array.of(NaN))]);
    expect(refused(parts, '--random', '2')).toBe(
      `m.onnx: nothing was recorded: output "y" for random requests is NaN in all 4 elements. ${OWN} [golden-all-nan]\n`,
    );
    const mask = (bit: number) => ({ name: 'attention', datatype: 'INT64', shape: [1, 2], data: [bit, bit] });
    const ids = { name: 'ids', datatype: 'INT64', shape: [1, 2], data: [1, 2] };
    const [masked, right] = [request('masked', ids, mask(0)), request('right', ids, mask(1))];
    expect(refused(encoder(), '--inputs', right, masked)).toBe(
      'm.onnx: nothing was recorded: output "y" for "masked" is NaN in all 8 elements. Fix the request: a mask of zeros, a length of 0 or NaN in an input can cause this. [golden-all-nan]\n',
    );
  });

  test('answers that do not depend on the request', () => {
    const parts = one(
      [node('Mul', ['x', 'zero'], ['nothing']), node('Abs', ['nothing'], ['y'])],
      [initializer('zero', 'float', [], Float32Array.of(0))],
    );
    const constant = (count: number) =>
      `m.onnx: nothing was recorded: ${count} different requests have the same answer, so the examples could not detect a changed model.`;
    expect(refused(parts, '--random', '1')).toBe(`${constant(2)} ${OWN} [golden-constant]\n`);
    const given = [request('a', x(1, 2)), request('b', x(3, 4)), request('c', x(5, 6))];
    expect(refused(parts, '--inputs', ...given)).toBe(
      `${constant(3)} Add a request with a different answer. [golden-constant]\n`,
    );
  });

  test('a model with random answers', () => {
    const parts = one([node('RandomUniformLike', ['x'], ['noise']), node('Add', ['x', 'noise'], ['y'])]);
    for (const args of [
      ['--random', '1'],
      ['--inputs', request('a', x(1, 2))],
    ]) {
      expect(refused(parts, ...args)).toMatch(
        /^m\.onnx: nothing was recorded: a second run of "(random 1|a)" differs from the first: output "y" at \[0, [01]\] is .* allowed.*\. The model uses random numbers, so no container could reproduce its answers\. Export it for inference, without dropout and sampling\. \[golden-unrepeatable\]\n$/,
      );
    }
  });

  test('requests that the model refuses', () => {
    const parts: ModelParts = {
      inputs: [value('x', 'float', [2])],
      outputs: [value('y', 'float', [3])],
      nodes: [node('Gather', ['x', 'beyond'], ['y'])],
      initializers: [initializer('beyond', 'int64', [3], BigInt64Array.of(7n, 7n, 7n))],
    };
    expect(refused(parts, '--random', '1', '--runtime-check', 'warn')).toContain(OWN);
    const wrong = request('wrong', { ...x(1, 2), shape: [3] });
    expect(refused(encoder(), '--inputs', wrong)).toContain(
      `Fix the request; model-serving inspect m.onnx lists the model's inputs. [golden-not-recorded]`,
    );
    expect(refused(encoder(), '--inputs', wrong, '--dimension', 'sequence=3')).toBe(
      'golden record: --dimension applies only to --random; the requests of --inputs have their own sizes. Remove --dimension, or use --random instead of --inputs. [golden-sizes-of-inputs]\n',
    );
  });

  test('keeping the existing examples', () => {
    random(encoder());
    const before = readFileSync('m.golden.json', 'utf8');
    refused(one([node('RandomUniformLike', ['x'], ['y'])]), '--random', '1', '--force');
    expect(readFileSync('m.golden.json', 'utf8')).toBe(before);
  });

  test('a file at the path of the folder, and writes none of the other files', () => {
    writeOnnxModel('m.onnx', one([node('Relu', ['x'], ['y'])]));
    writeFileSync('m.golden', 'a file where the folder would be');
    const { code, stderr } = record('--random', '1', '--dimension', 'n=5000');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^m\.golden\.json: nothing was recorded, because a file could not be written: .+\. Fix the cause, or choose a writable path with --out\. \[golden-unwritable\]\n$/,
      ),
    ]);
    expect(existsSync('m.golden.json')).toBe(false);
  });
});

test('--force removes all files of the previous examples', () => {
  const wide: ModelParts = {
    inputs: [value('x', 'float', ['n', 5000])],
    outputs: [value('y', 'float', ['n', 5000])],
    nodes: [node('Relu', ['x'], ['y'])],
  };
  random(wide);
  expect(readdirSync('m.golden')).toHaveLength(6);
  writeFileSync('m.golden/notes.txt', 'of the user');
  expect(record('--random', '1', '--force').code).toBe(0);
  expect(readdirSync('m.golden').sort()).toEqual(['notes.txt', 'random_1.x.bin', 'random_1.y.bin']);
  rmSync('m.golden/notes.txt');
  writeOnnxModel('m.onnx', encoder());
  expect(record('--random', '1', '--force').code).toBe(0);
  expect(existsSync('m.golden')).toBe(false);
});
