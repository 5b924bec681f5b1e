import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { version as runtime } from 'onnxruntime-node/package.json';
import { OnnxModel } from '../../lib/onnx-model/onnx-model';
import type { OnnxModelProps } from '../../lib/onnx-model/onnx-model-props';
import {
  externalInitializer,
  identity,
  initializer,
  node,
  nonTensor,
  onnxModel,
  value,
  writeOnnxModel,
  type Elem,
  type ModelParts,
} from '../support/onnx-builder';
import { temporaryFolder } from '../support/temporary-folder';
import { problemsOf } from './support';

const folder = temporaryFolder();
const path = join(folder, 'm.onnx');
const valid = identity('float', ['n', 4]);

function problems(parts: Partial<ModelParts>, props: OnnxModelProps = {}): string[] {
  writeOnnxModel(path, { ...valid, ...parts });
  return problemsOf(() => OnnxModel.fromFile(path, { runtimeCheck: 'skip', ...props }));
}

test('a valid model has no problems', () => {
  expect(problems({})).toEqual([]);
});

describe('name and version', () => {
  test.each(['team/m', '', '.', '..', '-m', 'a b', 'ü', 'm'.repeat(129)])(
    'P14 must be a path segment, unlike %j',
    (bad) => {
      expect(problems({}, { name: bad, version: bad })).toEqual(
        ['name', 'version'].map(
          (prop) =>
            `model-${prop}-invalid: ${path}: model ${prop} "${bad}" is not a valid URL path segment. Set ${prop} of OnnxModel.fromFile, or the option ${prop === 'name' ? '--name' : '--model-version'} of the command, to at most 128 letters, digits, ".", "_" and "-", starting with a letter or digit.`,
        ),
      );
    },
  );

  test.each(['m', '1.0', 'My_model-v2', 'm'.repeat(128)])('may be %j', (good) => {
    expect(problems({}, { name: good, version: good })).toEqual([]);
  });
});

describe('versions', () => {
  test('M11 IR version', () => {
    expect(problems({ irVersion: 13 })).toEqual([]);
    expect(problems({ irVersion: 99 })).toEqual([
      `ir-version-unsupported: ${path}: the model has IR version 99, but onnxruntime ${runtime} supports at most 13. Export it with an older version of the onnx package, or with an older opset.`,
    ]);
  });

  test('M11 opsets', () => {
    expect(problems({ opsets: { '': 26, 'ai.onnx.ml': 5, 'com.microsoft': 1, unused: 99 } })).toEqual([]);
    expect(problems({ opsets: { '': 99, 'ai.onnx.ml': 6 } })).toEqual([
      `opset-unsupported: ${path}: the model uses opset 99 of ai.onnx, but onnxruntime ${runtime} supports at most 26. Export it with an older opset_version, or convert it with onnx.version_converter.`,
      `opset-unsupported: ${path}: the model uses opset 6 of ai.onnx.ml, but onnxruntime ${runtime} supports at most 5. Export it with an older opset_version, or convert it with onnx.version_converter.`,
    ]);
  });

  test('no opset', () => {
    expect(problems({ opsets: {} })).toEqual([
      `opset-missing: ${path}: the model imports no opset (opset_import), so its operators are undefined. Export it again.`,
    ]);
  });
});

describe('operators', () => {
  const custom = (type: string, name: string) => node(type, ['x'], [name], { domain: 'ai.onnx.contrib', name });

  test('M12 of unknown domains', () => {
    const nodes = [custom('Foo', 'a'), custom('Bar', 'b'), custom('Foo', 'c'), node('Identity', ['x'], ['y'])];
    expect(problems({ nodes })).toEqual([
      `operators-unknown: ${path}: onnxruntime does not implement the operators ai.onnx.contrib:Foo (node "a"), ai.onnx.contrib:Bar (node "b"), and the server cannot load custom operator libraries. Export the model using only operators from ai.onnx, ai.onnx.ml, com.microsoft, com.microsoft.nchwc, and move pre- and post-processing to the client.`,
    ]);
  });

  test('in a branch', () => {
    const graph = { node: [custom('Foo', 'a')] };
    const nodes = [node('If', ['x'], ['y'], { attributes: { then_branch: { graph }, else_branch: { graph } } })];
    expect(problems({ nodes })).toEqual([expect.stringContaining('ai.onnx.contrib:Foo (node "a")')]);
  });

  test("of the model's own functions", () => {
    const call = node('Twice', ['x'], ['y'], { domain: 'mine' });
    const twice = { domain: 'mine', name: 'Twice', node: [node('Add', ['a', 'a'], ['b'])] };
    expect(problems({ nodes: [call], functions: [twice] })).toEqual([]);

    const bad = { domain: 'mine', name: 'Twice', node: [custom('Foo', 'a')] };
    expect(problems({ nodes: [call], functions: [bad] })).toEqual([
      expect.stringContaining('ai.onnx.contrib:Foo (node "a")'),
    ]);
  });

  describe('of functions count only if a node calls them', () => {
    const opsetImport = [
      { domain: '', version: 17 },
      { domain: 'ai.onnx.contrib', version: 1 },
      { domain: 'mine', version: 1 },
    ];
    const made = (name: string, ...nodes: object[]) => ({
      domain: 'mine',
      name,
      input: ['x'],
      output: ['b'],
      node: nodes,
      opsetImport,
    });
    const relu = { nodes: [node('Relu', ['x'], ['y'])], opsets: { '': 17, mine: 1, unused: 3 } };
    const call = (name: string, result: string) => node(name, ['x'], [result], { domain: 'mine' });
    const foo = made('Foo', custom('Foo', 'b'));
    const bar = [expect.stringContaining('does not implement the operators ai.onnx.contrib:Foo (node "b"),')];

    test('no node calls it', () => {
      expect(problems({ ...relu, functions: [foo] })).toEqual([]);
      expect(problems({ ...relu, functions: [made('Bar', call('Foo', 'b')), foo] })).toEqual([]);
      const path = writeOnnxModel(join(folder, 'uncalled.onnx'), {
        ...identity('float', ['n']),
        ...relu,
        functions: [foo],
      });
      expect(OnnxModel.fromFile(path).operators).toEqual(['Relu']);
    });

    test('the graph, a branch, or another function calls it', () => {
      expect(problems({ ...relu, nodes: [call('Foo', 'y')], functions: [foo] })).toEqual(bar);
      const graph = { node: [call('Foo', 'a')] };
      const branch = node('If', ['x'], ['y'], { attributes: { then_branch: { graph } } });
      expect(problems({ ...relu, nodes: [branch], functions: [foo] })).toEqual(bar);
      const nested = [foo, made('Bar', call('Foo', 'b'))];
      expect(problems({ ...relu, nodes: [call('Bar', 'y')], functions: nested })).toEqual(bar);
    });

    test('handles functions that call each other', () => {
      const round = [made('A', call('B', 'b')), made('B', call('A', 'b'))];
      expect(problems({ ...relu, nodes: [call('A', 'y')], functions: round })).toEqual([]);
    });

    test('ignores weights and names of uncalled functions', () => {
      const tensor = externalInitializer('', 'float', [4], 'none.bin');
      const uncalled = [
        made('External', node('Constant', [], ['b'], { attributes: { value: { tensor } } })),
        made('Twice', node('Relu', ['x'], ['b']), node('Neg', ['x'], ['b'])),
      ];
      expect(problems({ ...relu, functions: uncalled })).toEqual([]);
      expect(problems({ ...relu, nodes: [call('External', 'y')], functions: uncalled })).toEqual([
        expect.stringContaining('external-data-missing'),
      ]);
      expect(problems({ ...relu, nodes: [call('Twice', 'y')], functions: uncalled })).toEqual([
        expect.stringContaining('node output "b" is defined more than once'),
      ]);
    });
  });
});

describe('inputs and outputs', () => {
  test('no inputs and outputs', () => {
    expect(problems({ inputs: [], outputs: [] })).toEqual([
      `inputs-missing: ${path}: the model has no input that a request can set. Export it with at least one input that no initializer sets.`,
      `outputs-missing: ${path}: the model has no outputs. Export it with at least one output.`,
    ]);
  });

  test('all inputs are weights', () => {
    const w = initializer('x', 'float', [1], new Float32Array(1));
    expect(problems({ initializers: [w] })).toEqual([expect.stringContaining('inputs-missing')]);
  });

  test.each(['sequence', 'map'] as const)('M1 a %s', (kind) => {
    const outputs = [value('y', 'float', ['n', 4]), nonTensor('probabilities', `${kind}Type`)];
    expect(problems({ outputs })).toEqual([
      `not-a-tensor: ${path}: output "probabilities" is of type ${kind}, but onnxruntime-node supports only tensors. With skl2onnx, convert with options={"zipmap": False}; with other tools, export it as a tensor.`,
    ]);
  });

  test.each([
    [
      'maps',
      'mapType',
      'With skl2onnx, convert with options={"zipmap": False}; with other tools, export it as a tensor.',
      'Export the model without the step that consumes it, such as a DictVectorizer, and with a tensor input instead.',
    ],
    [
      'tensors',
      'tensorType',
      'Export it with one output for each tensor, or combine them into a single tensor with ConcatFromSequence.',
      'Export it with one input for each tensor, or with a single tensor that SplitToSequence splits.',
    ],
    [
      'sequences',
      'sequenceType',
      'Export it with an output for each tensor.',
      'Export it with an input for each tensor.',
    ],
  ] as const)('a sequence of %s has a remedy that applies', (elements, field, ofOutput, ofInput) => {
    const sequence = (name: string) => nonTensor(name, 'sequenceType', { elemType: { [field]: {} } });
    const text = `is of type sequence of ${elements}, but onnxruntime-node supports only tensors.`;
    expect(problems({ outputs: [value('y', 'float', ['n', 4]), sequence('all')] })).toEqual([
      `not-a-tensor: ${path}: output "all" ${text} ${ofOutput}`,
    ]);
    expect(problems({ inputs: [value('x', 'float', ['n', 4]), sequence('all')] })).toContain(
      `not-a-tensor: ${path}: input "all" ${text} ${ofInput}`,
    );
  });

  test.each([
    ['optional', 'optionalType'],
    ['sparse tensor', 'sparseTensorType'],
  ] as const)('a value of type %s', (kind, field) => {
    expect(problems({ inputs: [nonTensor('x', field)] })).toEqual([
      `not-a-tensor: ${path}: input "x" is of type ${kind}, but onnxruntime-node supports only tensors. Export it as a tensor.`,
    ]);
  });

  test.each<[Elem, string]>([
    ['bfloat16', 'bfloat16'],
    ['float8e4m3fn', 'float8e4m3fn'],
    ['complex64', 'complex64'],
    ['int4', 'int4'],
  ])('M4 %s at an input and an output', (elem, name) => {
    expect(problems(identity(elem, ['n', 4]))).toEqual([
      `element-type-unsupported: ${path}: input "x" has element type ${name}, which onnxruntime-node does not support. Export the model with a Cast, so that this input is float32 or an integer type of at least 8 bits.`,
      `element-type-unsupported: ${path}: output "y" has element type ${name}, which onnxruntime-node does not support. Export the model with a Cast, so that this output is float32 or an integer type of at least 8 bits.`,
    ]);
  });

  test('an element type that ONNX does not define yet', () => {
    const x = { name: 'x', type: { tensorType: { elemType: 77, shape: { dim: [] } } } };
    expect(problems({ inputs: [x] })).toEqual([expect.stringContaining('input "x" has element type code 77, which')]);
  });

  test('no shape', () => {
    expect(problems(identity('float'))).toEqual([
      `shape-unknown: ${path}: input "x" has no shape, not even a rank, so the server cannot describe it to clients. Export it with a shape; unknown sizes may be symbols.`,
      `shape-unknown: ${path}: output "y" has no shape, not even a rank, so the server cannot describe it to clients. Save the result of onnx.shape_inference.infer_shapes(model), or export the model with a shape.`,
    ]);
  });

  test('no type', () => {
    expect(problems({ outputs: [{ name: 'y' }] })).toEqual([expect.stringContaining('shape-unknown')]);
  });

  test('no name', () => {
    expect(problems({ inputs: [value('', 'float', ['n', 4])] })).toEqual([
      `tensor-unnamed: ${path}: input 0 has no name, but requests refer to tensors by name. Export the model with a name for each input (input_names of torch.onnx.export).`,
    ]);
  });

  test('M21 duplicate names', () => {
    const twice = [value('v', 'float', ['n']), value('v', 'float', ['n'])];
    expect(problems({ inputs: twice, outputs: twice })).toEqual([
      `name-duplicate: ${path}: input "v" is defined more than once. Export the model with unique names.`,
      `name-duplicate: ${path}: output "v" is defined more than once. Export the model with unique names.`,
    ]);
  });

  test('two nodes with one output, or an input as output', () => {
    const nodes = [node('Identity', ['x'], ['y']), node('Relu', ['x'], ['y']), node('Neg', ['y'], ['x'])];
    expect(problems({ nodes })).toEqual([
      `name-duplicate: ${path}: node output "y" is defined more than once. Export the model with unique names.`,
      `name-duplicate: ${path}: node output "x" is defined more than once. Export the model with unique names.`,
    ]);
  });

  test('two omitted optional outputs', () => {
    const nodes = [node('Dropout', ['x'], ['y', '']), node('Dropout', ['x'], ['z', ''])];
    expect(problems({ nodes })).toEqual([]);
  });
});

describe('weights', () => {
  test('that are shorter than their shape', () => {
    const w = initializer('w', 'float', [2, 2], new Float32Array(3));
    expect(problems({ initializers: [w] })).toEqual([
      `tensor-size-wrong: ${path}: tensor "w" has 12 bytes, but its type and shape require 16. The file is damaged; export or download it again.`,
    ]);
  });

  test("of a constant are reported by the node's output", () => {
    const tensor = initializer('', 'int64', [2], new BigInt64Array(1));
    const nodes = [node('Constant', [], ['c'], { attributes: { value: { tensor } } }), node('Identity', ['x'], ['y'])];
    expect(problems({ nodes })).toEqual([expect.stringContaining('tensor "c" has 8 bytes, but')]);
  });

  test('of four bits are packed in pairs', () => {
    expect(problems({ initializers: [initializer('w', 'int4', [3], new Uint8Array(2))] })).toEqual([]);
    expect(problems({ initializers: [initializer('w', 'int4', [3], new Uint8Array(3))] })).not.toEqual([]);
  });

  test('may be empty, like the unused inputs of a Resize', () => {
    // The tests' writer omits empty bytes; other exporters write them: 4a 00 is raw_data of length 0.
    const parts = { ...valid, initializers: [initializer('w', 'float', [0], new Float32Array(0))] };
    const written = Buffer.from(onnxModel(parts)).toString('hex');
    const graphBytes = parseInt(/3a(..)0a1c/.exec(written)![1]!, 16);
    const explicit = written
      .replace(/3a..0a1c/, `3a${(graphBytes + 2).toString(16)}0a1c`)
      .replace('2a080a01001001420177', '2a0a0a010010014201774a00');
    writeFileSync(path, Buffer.from(explicit, 'hex'));
    expect(problemsOf(() => OnnxModel.fromFile(path, { runtimeCheck: 'skip' }))).toEqual([]);
  });

  test('of strings, and scalars', () => {
    const strings = { name: 's', dataType: 8, dims: [1], stringData: [Buffer.from('long enough')] };
    const scalar = initializer('w', 'double', [], new Float64Array(1));
    expect(problems({ initializers: [strings, scalar] })).toEqual([]);
  });
});

describe('many tensors', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `x${i}`);

  /** Model with one output per input. */
  function wide(names: readonly string[], dimension: (i: number) => string): ModelParts {
    return {
      inputs: names.map((name, i) => value(name, 'float', [dimension(i), 4])),
      outputs: names.map((name, i) => value(`y${name}`, 'float', [dimension(i), 4])),
      nodes: names.map((name) => node('Neg', [name], [`y${name}`])),
    };
  }

  function tooMany(inputs: number, outputs: number): string {
    return `tensors-too-many: ${path}: the model has ${inputs} inputs and ${outputs} outputs, but the server supports at most 1024 in total, because a request can use only 64 KiB for their names and shapes. Export the model with one tensor of many columns instead of many tensors.`;
  }

  test('are accepted up to 1,024 inputs and outputs', () => {
    expect(problems(wide(many(512), () => 'n'))).toEqual([]);
    const [x = {}] = identity('float', ['n', 4]).inputs;
    const more = wide(many(512), () => 'n');
    expect(problems({ ...more, inputs: [...more.inputs, x] })).toEqual([tooMany(513, 512)]);
  });

  test.each<[number, (i: number) => string]>([
    [100_000, () => 'n'],
    [20_000, (i) => `n${i}`],
  ])('hide the other problems of %d inputs, and are found quickly', (count, dimension) => {
    writeOnnxModel(path, wide(many(count), dimension));
    const begun = process.cpuUsage();
    const found = problemsOf(() => OnnxModel.fromFile(path, { runtimeCheck: 'skip' }));
    // Measures CPU time, so that a busy machine does not matter. It is a few seconds; quadratic time would be minutes.
    expect(process.cpuUsage(begun).user / 1e6).toBeLessThan(20);
    expect(found).toEqual([tooMany(count, count)]);
  });
});

test('reports all problems at once', () => {
  const messages = problems(
    {
      ...identity('bfloat16', ['n']),
      irVersion: 99,
      opsets: { '': 99 },
      initializers: [externalInitializer('w', 'float', [4], '../w.bin')],
    },
    { name: 'a/b', golden: 'no/such.json' },
  );
  expect(messages.map((message) => message.split(':')[0])).toEqual([
    'model-name-invalid',
    'ir-version-unsupported',
    'opset-unsupported',
    'element-type-unsupported',
    'element-type-unsupported',
    'external-data-location-invalid',
    'file-not-found',
  ]);
});
