import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnnxModel } from '../../lib/onnx-model/onnx-model';
import { onnxMessage } from '../../lib/onnx/onnx-messages';
import { writeWithShapes } from '../../lib/onnx/write-shapes';
import { initializer, node, onnxModel, value, type ModelParts } from '../support/onnx-builder';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
let count = 0;

function decoded(bytes: Uint8Array): any {
  const type = onnxMessage('ModelProto');
  return type.toObject(type.decode(bytes), { longs: Number });
}

/** Frees the rows of x and y under the name n, and returns the model before and after the change. */
function freed(parts: ModelParts, valueInfo: object[] = []): { path: string; before: any; after: any } {
  const type = onnxMessage('ModelProto');
  const before = type.decode(onnxModel(parts)) as any;
  before.graph.valueInfo = valueInfo.map((each) => onnxMessage('ValueInfoProto').fromObject(each));
  const bytes = type.encode(before).finish();
  const [source, path] = [join(folder, `${++count}.onnx`), join(folder, `${++count}.onnx`)];
  writeFileSync(source, bytes);
  writeWithShapes(source, path, { inputs: new Map([['x', ['n', 4]]]), outputs: new Map([['y', ['n', 4]]]) });
  return { path, before: decoded(bytes), after: decoded(readFileSync(path)) };
}

const relu: ModelParts = {
  inputs: [value('x', 'float', [1, 4])],
  outputs: [value('y', 'float', [1, 4])],
  nodes: [node('Relu', ['x'], ['h']), node('Add', ['h', 'w'], ['y'])],
  initializers: [initializer('w', 'float', [4], Float32Array.of(1, 2, 3, 4))],
};
const free = { dim: [{ dimParam: 'n' }, { dimValue: 4 }] };

test('changes only the given shapes', () => {
  const { before, after } = freed({ ...relu, metadata: { a: 'b' }, docString: 'what it is' });
  expect(after.graph.input[0].type.tensorType).toEqual({ elemType: 1, shape: free });
  before.graph.input[0].type.tensorType.shape = free;
  before.graph.output[0].type.tensorType.shape = free;
  delete before.graph.valueInfo;
  expect(after).toEqual(before);
});

test('omits shapes that were inferred from the old ones', () => {
  const { before, after, path } = freed(relu, [value('h', 'float', [1, 4])]);
  expect(before.graph.valueInfo).toHaveLength(1);
  expect(after.graph.valueInfo).toBeUndefined();
  expect(OnnxModel.fromFile(path)).toMatchObject({ warnings: [], signatureProof: { proved: true } });
});

test('omits shapes in subgraphs, also in nested branches', () => {
  const branch = (name: string, nodes: object[], shape: number[]) => ({
    name,
    node: nodes,
    output: [value(name, 'float', shape)],
    valueInfo: [value('inner', 'float', shape)],
  });
  const choose = (name: string, yes: object, no: object) =>
    node('If', ['condition'], [name], { attributes: { then_branch: { graph: yes }, else_branch: { graph: no } } });
  const deep = choose(
    'c',
    branch('d', [node('Neg', ['x'], ['d'])], [1, 4]),
    branch('e', [node('Abs', ['x'], ['e'])], [1, 4]),
  );
  const { after, path } = freed({
    inputs: [value('x', 'float', [1, 4]), value('condition', 'bool', [])],
    outputs: [value('y', 'float', [1, 4])],
    nodes: [choose('y', branch('a', [node('Relu', ['x'], ['a'])], [1, 4]), branch('c', [deep], [1, 4]))],
  });
  const [yes, no] = after.graph.node[0].attribute.map(({ g }: any) => g);
  const inner = no.node[0].attribute[0].g;
  for (const graph of [yes, no, inner]) {
    expect(graph.valueInfo).toBeUndefined();
    expect(graph.output[0].type).toEqual({ tensorType: { elemType: 1 } });
  }
  expect(OnnxModel.fromFile(path).signatureProof).toEqual({ proved: true });
});

test('omits shapes in functions', () => {
  const body = {
    domain: 'own',
    name: 'Twice',
    input: ['a'],
    output: ['b'],
    node: [node('Add', ['a', 'a'], ['b'])],
    opsetImport: [{ domain: '', version: 17 }],
    valueInfo: [value('a', 'float', [1, 4])],
  };
  const { after, path } = freed({
    ...relu,
    nodes: [node('Twice', ['x'], ['y'], { domain: 'own' })],
    opsets: { '': 17, own: 1 },
    functions: [body],
  });
  expect(after.functions[0].valueInfo).toBeUndefined();
  expect(after.functions[0].node).toHaveLength(1);
  expect(OnnxModel.fromFile(path).signatureProof).toEqual({ proved: true });
});

test('copies megabytes of weights unchanged', () => {
  const data = Float32Array.from({ length: 700_001 }, (_, i) => Math.sin(i));
  const { before, after } = freed({
    ...relu,
    initializers: [...relu.initializers!, initializer('large', 'float', [700_001], data)],
  });
  const weights = ({ graph }: any) => graph.initializer.map(({ rawData }: { rawData: Buffer }) => rawData);
  // Comparing megabytes element by element takes Jest many seconds.
  expect(Buffer.concat(weights(after)).equals(Buffer.concat(weights(before)))).toBe(true);
});

test.each([
  ['truncated', (bytes: Buffer) => bytes.subarray(0, bytes.length - 30)],
  ['not an ONNX model', () => Buffer.from('this is no model')],
])('a file that is %s is rejected', (_, damage) => {
  const source = join(folder, 'damaged.onnx');
  writeFileSync(source, damage(Buffer.from(onnxModel(relu))));
  const shapes = { inputs: new Map(), outputs: new Map() };
  expect(() => writeWithShapes(source, join(folder, `${++count}.onnx`), shapes)).toThrow(/byte \d+/);
});
