import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { OnnxModel } from 'cdktf-model-serving';
import { Ajv2020 } from 'ajv/dist/2020';
import { ROOT } from '../support/root';
import type { DescribedModel } from '../../inference-image/src/openapi/schema';
import { openApiText } from '../../inference-image/src/openapi/document';
import { DATATYPES } from '../../inference-image/src/contract/constants';
import { type Signature, type TensorSignature } from '../../inference-image/src/contract/signature';
import { openApiOf } from '../../lib/openapi/openapi-file';
import { temporaryFolder } from '../support/temporary-folder';

temporaryFolder();

const tensor = (name: string, datatype: TensorSignature['datatype'], ...dimensions: TensorSignature['dimensions']) => ({
  name,
  datatype,
  dimensions,
});

const describeModel = (signature: Signature) => ({ name: 'm', version: '1', signature });
const scalar = describeModel({ inputs: [tensor('x', 'FP32')], outputs: [tensor('y', 'FP32')] });

const MODELS = {
  scalar,
  'every datatype, symbols, unnamed dimensions': describeModel({
    inputs: DATATYPES.filter((datatype) => datatype !== 'FP16').map((type) => tensor(type, type, 'n', null, 2)),
    outputs: DATATYPES.map((type) => tensor(type, type, 'n')),
  }),
  'an input without a JSON form': describeModel({
    inputs: [tensor('x', 'FP16', 'n')],
    outputs: [tensor('y', 'FP16', 'n')],
  }),
  'names that are not identifiers': {
    name: 'a model/{x}',
    version: '1 2',
    properties: { title: 'Title', description: 'What it is for.' },
    signature: { inputs: [tensor('input:0 "é"', 'BYTES', 0)], outputs: [tensor('{out}', 'BOOL', 3, 4)] },
  },
  'pictures in, classes out': {
    ...describeModel({ inputs: [tensor('x', 'FP32', 'n', 4)], outputs: [tensor('y', 'FP32', 'n', 2)] }),
    image: {
      input: 'x',
      width: 2,
      height: 2,
      color: 'gray',
      planar: false,
      datatype: 'FP32',
      shape: [1, 4],
      scale: 1 / 255,
      mean: [0],
      std: [1],
      invert: false,
      fit: 'stretch',
      background: 255,
      maxPixels: 100,
    },
    classes: { output: 'y', kind: 'scores', softmax: false, names: ['no', 'yes'] },
  },
  'a name that is also a path': { ...scalar, name: 'stats' },
} satisfies Record<string, DescribedModel>;

const document = (model: Parameters<typeof openApiText>[0]) => JSON.parse(openApiText(model));

test('documents are OpenAPI 3.1', () => {
  const documents = Object.values(MODELS).map(document);
  const script = join(__dirname, '..', 'support', 'validate-openapi.mjs');
  const { stdout, stderr } = spawnSync(process.execPath, [script], {
    input: JSON.stringify([...documents, { ...documents[0], paths: { nowhere: {} } }]),
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  const results = JSON.parse(stdout) as { valid: boolean; version: string; errors: unknown }[];
  const right = { valid: true, version: '3.1' };
  expect(results.slice(0, -1)).toEqual(documents.map(() => right));
  expect(results.at(-1)).toMatchObject({ valid: false });
});

test('the document of digits', () => {
  const path = join(ROOT, 'examples/digits/digits.onnx');
  expect(openApiOf(OnnxModel.fromFile(path, { runtimeCheck: 'skip' }))).toMatchSnapshot();
});

test('bounds of 64 bits are exact', () => {
  const text = openApiText(MODELS['every datatype, symbols, unnamed dimensions']);
  expect(text).toContain('{ "type": "integer", "minimum": -9223372036854775808, "maximum": 9223372036854775807 }');
  expect(text).toContain('{ "type": "integer", "minimum": 0, "maximum": 18446744073709551615 }');
});

test('names are escaped in paths, and unchanged everywhere else', () => {
  const { info, paths, components } = document(MODELS['names that are not identifiers']);
  expect(info).toMatchObject({
    title: 'Title',
    version: '1 2',
    description: expect.stringMatching(/^What it is for\./),
  });
  expect(Object.keys(paths)).toContain('/v2/models/a%20model%2F%7Bx%7D/versions/1%202/infer');
  expect(components.schemas.InferRequest.properties.inputs.items.properties.name.const).toBe('input:0 "é"');
});

test('the path of a model named stats belongs to the statistics of all models', () => {
  expect(document(MODELS['a name that is also a path']).paths['/v2/models/stats'].get.operationId).toBe('statistics');
});

test('tensors without a JSON form are binary only', () => {
  const { paths, components } = document(MODELS['an input without a JSON form']);
  expect(Object.keys(paths['/v2/models/m/infer'].post.requestBody.content)).toEqual(['application/octet-stream']);
  expect(components.schemas.InferRequest).toBeUndefined();
});

test('documents pictures and classes if they are declared', () => {
  const { paths, components } = document(MODELS['pictures in, classes out']);
  const types = (path: string) => Object.keys(paths[`/v2/models/m/${path}`].post.requestBody.content);
  expect(types('infer')).toEqual(['application/json', 'application/octet-stream', 'image/png', 'image/jpeg']);
  expect(types('classify')).toEqual(types('infer'));
  const answer = new Ajv2020({ strict: false }).compile(components.schemas.ClassAnswer);
  const yes = { class: 'yes', index: 1, score: 0.75 };
  const whole = {
    model_name: 'm',
    model_version: '1',
    ...yes,
    classes: [yes, { class: 'no', index: 0, score: 'NaN' }],
  };
  expect([answer(whole), answer({ ...whole, class: 'maybe' }), answer({ ...whole, classes: [] })]).toEqual([
    true,
    false,
    false,
  ]);
  const { paths: others } = document(scalar);
  expect(others['/v2/models/m/classify']).toBeUndefined();
});

test('omits a very long example', () => {
  const examples = (...dimensions: number[]) =>
    document(describeModel({ ...scalar.signature, inputs: [tensor('x', 'FP32', ...dimensions)] })).paths[
      '/v2/models/m/infer'
    ].post.requestBody.content['application/json'].examples;
  expect(examples(100, 100).valid.value.inputs[0].data).toHaveLength(10_000);
  expect(examples(100, 101)).toBeUndefined();
});
