import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnnxModel } from 'cdktf-model-serving';
import { modelFiles } from '../../lib/container-image/build-context';
import { identity, writeOnnxModel, type Elem } from '../support/onnx-builder';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const home = process.cwd();
beforeAll(() => process.chdir(folder));
afterAll(() => process.chdir(home));

/** Reads a model that returns its input, with a golden example whose elements are in files. */
function read(x: object, y: object, elem: Elem = 'float'): OnnxModel {
  writeOnnxModel('m.onnx', identity(elem, ['n', 2]));
  const datatype = elem === 'float16' ? 'FP16' : elem === 'string' ? 'BYTES' : 'FP32';
  const tensor = (name: string, elements: object) => ({ name, datatype, shape: [1, 2], ...elements });
  const [request, response] = [{ inputs: [tensor('x', x)] }, { outputs: [tensor('y', y)] }];
  writeFileSync('m.golden.json', JSON.stringify({ examples: [{ name: 'first', request, response }] }));
  return OnnxModel.fromFile('m.onnx', { golden: 'm.golden.json' });
}

function bytes(file: string, content: Uint8Array | string): { file: string } {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, content);
  return { file };
}

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

test('element files are read, staged at the paths in golden.json, and not part of the identity', () => {
  const model = read(bytes('examples/x.bin', floats(1, 2)), { data: [1, 2] });
  expect(model.files.map(({ path }) => path)).toEqual(['model.onnx', 'golden.json', 'examples/x.bin']);
  expect(modelFiles(model).map(({ path }) => path)).toContain('model/examples/x.bin');
  expect(model.sha256).toBe(OnnxModel.fromFile('m.onnx').sha256);
});

test('one file may be used by two tensors', () => {
  const file = bytes('both.bin', floats(1, 2));
  expect(read(file, file).files).toHaveLength(3);
});

test('element files can contain FP16 and strings', () => {
  const half = bytes('half.bin', Buffer.from([0x00, 0x3c, 0x00, 0xc0]));
  expect(read(half, half, 'float16').servable).toBe(true);
  const texts = bytes('texts.bin', Buffer.from('\u0001\0\0\0a\u0002\0\0\0bc', 'latin1'));
  expect(read(texts, { data: ['a', 'bc'] }, 'string').servable).toBe(true);
});

test('element files of FP16 are compared as numbers', () => {
  const [one, near, two] = [0x3c00, 0x3c01, 0x4000].map((bits) => Buffer.from([bits & 255, bits >> 8, 0, 0x3c]));
  const [x, y] = [bytes('one.bin', one!), bytes('two.bin', two!)];
  expect(() => read(x, y, 'float16')).toThrow(
    'output "y" at [0, 0] is 1; expected 2: 1 apart, 0.00021 allowed. If the example comes from',
  );
  expect(read(x, { ...bytes('near.bin', near!), tolerance: { relative: 0.001 } }, 'float16').servable).toBe(true);
});

test.each<[string, () => object, string]>([
  [
    'is missing',
    () => ({ file: 'missing.bin' }),
    'm.golden.json: this file refers to "missing.bin", which does not exist. Paths are relative to the folder of m.golden.json. [golden-file-missing]',
  ],
  [
    'is short',
    () => bytes('short.bin', floats(1)),
    'm.golden.json: example "first": input "x" has 4 bytes in short.bin, but its shape needs 8. Record the example again with this model. [golden-mismatch]',
  ],
  [
    'is outside the folder',
    () => ({ file: '../x.bin' }),
    'm.golden.json: examples.0.request.inputs.0.file: must be a path within the folder of the golden examples, with "/". Golden examples have the form {"examples": [{"name", "request", "response", "tolerance"?}]}, with requests and responses as in the Open Inference Protocol; "picture" may replace "request". [golden-invalid]',
  ],
  [
    'is given together with data',
    () => ({ ...bytes('x.bin', floats(1, 2)), data: [1, 2] }),
    'm.golden.json: examples.0.request.inputs.0: must have either data or file. Golden examples have the form {"examples": [{"name", "request", "response", "tolerance"?}]}, with requests and responses as in the Open Inference Protocol; "picture" may replace "request". [golden-invalid]',
  ],
  [
    "has the name of one of the image's files",
    () => bytes('model.json', floats(1, 2)),
    `m.golden.json: the image uses the path model.json for a file of its own. Move the example's file, for example to golden/model.json. [golden-file-reserved]`,
  ],
  [
    "has the name of one of the image's files in other letters, which some systems do not distinguish",
    () => bytes('Model.JSON', floats(1, 2)),
    `m.golden.json: the image uses the path Model.JSON for a file of its own. Move the example's file, for example to golden/Model.JSON. [golden-file-reserved]`,
  ],
  [
    'has the name of the golden examples in the image',
    () => bytes('golden.json', floats(1, 2)),
    `m.golden.json: the image uses the path golden.json for a file of its own. Move the example's file, for example to golden/golden.json. [golden-file-reserved]`,
  ],
  [
    'has a name that no file can have',
    () => ({ file: 'a\0b' }),
    'm.golden.json: this file refers to "a\\u0000b", which does not exist. Paths are relative to the folder of m.golden.json. [golden-file-missing]',
  ],
])('an element file that %s is refused', (_, makeInput, message) => {
  const input = makeInput();
  let seen = '';
  try {
    read(input, { data: [1, 2] });
  } catch (error) {
    seen = (error as Error).message.replaceAll(folder, '/work');
  }
  expect(seen).toBe(message);
});
