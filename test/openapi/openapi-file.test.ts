import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnnxModel } from 'cdktf-model-serving';
import { ContainerizedModel } from 'cdktf-model-serving/docker';
import { ScalableModelService } from 'cdktf-model-serving/kubernetes';
import { Lazy, type TerraformStack } from 'cdktf';
import { openApiOf } from '../../lib/openapi/openapi-file';
import { runCli } from '../support/run-cli';
import { multiplier } from '../support/models';
import { stackWithProviders, synthApp } from '../support/synth';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const file = multiplier(folder, 'double', 2);
const model = OnnxModel.fromFile(file, { runtimeCheck: 'skip' });
const expected = openApiOf(model);

const CONSTRUCTS = {
  ContainerizedModel: (stack: TerraformStack, openApiFile: string, served = model) =>
    new ContainerizedModel(stack, 'double', { model: served, openApiFile }),
  ScalableModelService: (stack: TerraformStack, openApiFile: string, served = model) =>
    new ScalableModelService(stack, 'double', {
      model: served,
      repository: 'registry.example.com/double',
      openApiFile,
    }),
};

/** Time before this test. */
const LONG_AGO = new Date(0);

describe.each(Object.entries(CONSTRUCTS))('openApiFile of %s', (name, create) => {
  const synth = (openApiFile: string) =>
    synthApp(join(folder, `${name}.out`), (app) => create(stackWithProviders(app), openApiFile));

  test('is written at synth, and not touched if it is up to date', () => {
    const path = join(folder, name, 'docs', 'double.openapi.json');
    synth(path);
    expect(readFileSync(path, 'utf8')).toBe(expected);
    utimesSync(path, LONG_AGO, LONG_AGO);
    synth(path);
    expect(statSync(path).mtime).toEqual(LONG_AGO);
    writeFileSync(path, expected.replace('"version": "1"', '"version": "0"'));
    synth(path);
    expect(readFileSync(path, 'utf8')).toBe(expected);
  });

  test.each(['model.onnx', 'model.golden.json', 'package.json'])('a different file is kept: %s', (other) => {
    const path = join(folder, name, other);
    const content = '{ "examples": [], "dependencies": { "openapi": "1.0.0" } }';
    expectKept(path, content);
  });

  test('keeps an OpenAPI document that synth did not write', () => {
    const info = { title: 'Shop', version: '1', description: 'Calls the Open Inference Protocol of models.' };
    expectKept(join(folder, name, 'shop.json'), JSON.stringify({ openapi: '3.1.1', info, paths: {} }, undefined, 2));
  });

  function expectKept(path: string, content: string): void {
    writeFileSync(path, content);
    expect(() => synth(path)).toThrow(
      `stack/double: openApiFile "${path}" exists but is not the OpenAPI document of a model. Use another path, or remove the file. [openapi-file-not-own]`,
    );
    expect(readFileSync(path, 'utf8')).toBe(content);
  }

  test('synth reports that it cannot be written', () => {
    const path = join(folder, `${name}-folder`);
    mkdirSync(path);
    expect(() => synth(path)).toThrow(
      /^stack\/double: openApiFile ".*-folder" cannot be written: EISDIR: .*\. Use a file in a folder that you can write to\. \[openapi-file-unwritable\]$/,
    );
  });

  test('can be shared only by constructs of the same model', () => {
    const path = join(folder, `${name}-shared.json`);
    const other = OnnxModel.fromFile(multiplier(folder, 'triple', 3), { runtimeCheck: 'skip' });
    const synthTwo = (...models: OnnxModel[]) =>
      synthApp(join(folder, `${name}.two`), (app) => {
        models.forEach((each, i) => create(stackWithProviders(app, `stack${i}`), path, each));
      });
    synthTwo(model, model);
    expect(readFileSync(path, 'utf8')).toBe(expected);
    expect(() => synthTwo(model, other)).toThrow(
      `stack1/double: openApiFile "${path}" is also used by stack0/double, which has a different model. Use a separate file for the document of each model. [openapi-file-shared]`,
    );
  });

  test('must be known at synth', () => {
    expect(() => synth(Lazy.stringValue({ produce: () => 'x.json' }))).toThrow(
      'stack/double: openApiFile is a Terraform token, but the synthesized files depend on its value. Pass a plain value. [must-be-known-at-synth]',
    );
  });
});

describe('model-serving openapi', () => {
  test('prints the document', () => {
    expect(runCli('openapi', file)).toEqual({ code: 0, stdout: expected, stderr: '' });
    const { stdout } = runCli('openapi', file, '--name', 'twice', '--model-version', '7');
    expect(JSON.parse(stdout)).toMatchObject({
      info: { title: 'twice', version: '7' },
      paths: { '/v2/models/twice/versions/7/infer': {} },
    });
  });

  test('with the declarations of a stack, as its server returns it', () => {
    const declared = { picture: { color: 'gray', width: 2, height: 1 }, classes: ['no', 'yes'] } as const;
    const [preprocessing, card] = [join(folder, 'preprocessing.json'), join(folder, 'card.json')];
    writeFileSync(preprocessing, JSON.stringify(declared));
    writeFileSync(card, '{ "title": "Twice" }');
    const { stdout } = runCli('openapi', file, '--preprocessing', preprocessing, '--card', card);
    const same = OnnxModel.fromFile(file, { ...declared, card: { title: 'Twice' }, runtimeCheck: 'skip' });
    expect(stdout).toBe(openApiOf(same));
    expect(JSON.parse(stdout)).toMatchObject({ info: { title: 'Twice' }, paths: { '/v2/models/double/classify': {} } });
  });

  test('writes it', () => {
    const out = join(folder, 'new', 'openapi.json');
    expect(runCli('openapi', file, '--out', out)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readFileSync(out, 'utf8')).toBe(expected);
  });

  test('reports that it cannot be written', () => {
    const { code, stderr } = runCli('openapi', file, '--out', folder);
    expect(code).toBe(1);
    expect(stderr).toBe(`--out ${folder} is a folder. Use the path of a file. [out-not-a-file]\n`);
  });
});
