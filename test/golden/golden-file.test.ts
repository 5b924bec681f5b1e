import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnnxModel } from '../../lib/onnx-model/onnx-model';
import { identity, node, value, writeOnnxModel, type ModelParts } from '../support/onnx-builder';
import { temporaryFolder } from '../support/temporary-folder';
import { problemsOf } from '../model/support';

const folder = temporaryFolder();
const path = join(folder, 'm.onnx');
const golden = join(folder, 'examples.json');

interface Tensor {
  name: string;
  datatype: string;
  shape: number[];
  data: unknown[];
}

const x: Tensor = { name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] };
const y: Tensor = { ...x, name: 'y' };

function file(inputs: unknown[] = [x], outputs: unknown[] = [y]): string {
  return JSON.stringify({ examples: [{ name: 'first', request: { inputs }, response: { outputs } }] });
}

function read(text: string, parts: ModelParts = identity('float', ['n', 2])): OnnxModel {
  writeOnnxModel(path, parts);
  writeFileSync(golden, text);
  return OnnxModel.fromFile(path, { golden, runtimeCheck: 'skip' });
}

function problems(text: string, parts?: ModelParts): string[] {
  return problemsOf(() => read(text, parts));
}

function mismatch(what: string): string {
  return `golden-mismatch: ${golden}: example "first": ${what}. Record the example again with this model.`;
}

test('the file is staged after the weights, and is not part of the identity', () => {
  const model = read(file());
  expect(model.files.map((f) => [f.path, f.sourcePath])).toEqual([
    ['model.onnx', path],
    ['golden.json', golden],
  ]);
  const without = OnnxModel.fromFile(path, { runtimeCheck: 'skip' });
  expect(model.sha256).toBe(without.sha256);
  expect(model.sizeBytes).toBe(without.sizeBytes);
});

test('data may be nested', () => {
  expect(problems(file([{ ...x, shape: [2, 2], data: [[1, 2], [3, 4]] }]))).toEqual([]); // prettier-ignore
});

test('outputs may be omitted', () => {
  const parts: ModelParts = {
    inputs: [value('x', 'float', ['n', 2])],
    outputs: [value('y', 'float', ['n', 2]), value('z', 'float', ['n', 2])],
    nodes: [node('Identity', ['x'], ['y']), node('Neg', ['x'], ['z'])],
  };
  expect(problems(file(), parts)).toEqual([]);
});

test('a missing file is reported', () => {
  writeOnnxModel(path, identity('float', ['n', 2]));
  expect(problemsOf(() => OnnxModel.fromFile(path, { golden: 'no/such.json', runtimeCheck: 'skip' }))).toEqual([
    `file-not-found: no/such.json: no such file. Relative paths are resolved against the working directory, ${process.cwd()}.`,
  ]);
});

test('a file that is not JSON is reported', () => {
  expect(problems('{"examples": x')).toEqual([
    expect.stringMatching(/^golden-not-json: .*examples\.json: this file is not valid JSON: .+\.$/),
  ]);
});

test('a file with the wrong structure is reported', () => {
  const form =
    'Golden examples have the form {"examples": [{"name", "request", "response", "tolerance"?}]}, with requests and responses as in the Open Inference Protocol; "picture" may replace "request".';
  expect(problems('{"examples": []}')).toEqual([
    `golden-invalid: ${golden}: examples: Too small: expected array to have >=1 items. ${form}`,
  ]);
  expect(problems(file([{ ...x, datatype: 'STRING' }]))).toEqual([
    expect.stringContaining(`golden-invalid: ${golden}: examples.0.request.inputs.0.datatype: Invalid option`),
  ]);
  expect(problems('[]')).toEqual([
    `golden-invalid: ${golden}: the file: Invalid input: expected object, received array. ${form}`,
  ]);
});

test('a tensor that the model does not have is reported', () => {
  expect(problems(file([x, { ...x, name: 'q' }], [{ ...y, name: 'z' }]))).toEqual([
    mismatch(`the model has no input "q"; its inputs are "x"`),
    mismatch(`the model has no output "z"; its outputs are "y"`),
  ]);
});

test('a missing or duplicate input is reported', () => {
  expect(problems(file([{ ...x, name: 'q' }]))).toEqual([
    mismatch(`the model has no input "q"; its inputs are "x"`),
    mismatch('input "x" is missing'),
  ]);
  expect(problems(file([x, x]))).toEqual([mismatch('input "x" appears twice'), mismatch('input "x" appears twice')]);
});

test('a wrong datatype, shape or length is reported', () => {
  expect(problems(file([{ ...x, datatype: 'FP64' }], [{ ...y, shape: [1, 3] }]))).toEqual([
    mismatch(`input "x" is FP64, but the model declares FP32`),
    mismatch(`output "y" has shape [1, 3], but the model declares [n, 2]`),
  ]);
  expect(problems(file([{ ...x, shape: [2] }], [{ ...y, data: [1, [2, 3]] }]))).toEqual([
    mismatch(`input "x" has shape [2], but the model declares [n, 2]`),
    mismatch('output "y" has 3 elements of data, but its shape needs 2'),
  ]);
});

test('two sizes for one symbol are reported', () => {
  const parts: ModelParts = {
    inputs: [value('x', 'float', ['n', 2]), value('z', 'float', ['n', 2])],
    outputs: [value('y', 'float', ['n', 2])],
    nodes: [node('Add', ['x', 'z'], ['y'])],
  };
  expect(problems(file([x, { ...x, name: 'z', shape: [2, 2], data: [1, 2, 3, 4] }]), parts)).toEqual([
    mismatch('its inputs have different sizes for dimension "n": 1 and 2'),
  ]);
});

test('FP16 in JSON is reported', () => {
  const half = (tensor: Tensor) => ({ ...tensor, datatype: 'FP16' });
  expect(problems(file([half(x)], [half(y)]), identity('float16', ['n', 2]))).toEqual(
    ['input "x"', 'output "y"'].map(
      (tensor) =>
        `golden-fp16: ${golden}: example "first": ${tensor} is FP16, which JSON cannot represent. Store its bytes in a file, and replace "data" with "file".`,
    ),
  );
});
