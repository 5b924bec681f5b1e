import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCli } from '../support/run-cli';
import { identity, writeOnnxModel } from '../support/onnx-builder';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const metadata = { license: 'MIT', training_data: 'one\ntwo', 'metrics.f1': '0.90' };
const file = writeOnnxModel(join(folder, 'm.onnx'), { ...identity('float', ['n']), metadata });

test("model-serving sbom prints the image's bill of materials, or writes it to a file", () => {
  const printed = runCli('sbom', file);
  expect([printed.code, printed.stderr]).toEqual([0, '']);
  const out = join(folder, 'out', 'sbom.json');
  expect(runCli('sbom', file, '--out', out, '--runtime-check', 'skip')).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(readFileSync(out, 'utf8')).toBe(printed.stdout);
  expect(runCli('context', file, '--out', join(folder, 'context'), '--runtime-check', 'skip').code).toBe(0);
  expect(readFileSync(join(folder, 'context/model/sbom.cdx.json'), 'utf8')).toBe(printed.stdout);
  expect(JSON.parse(printed.stdout).components[0].licenses).toEqual([{ expression: 'MIT' }]);
});

test('model-serving inspect shows the card from the file and from --card', () => {
  const card = join(folder, 'card.json');
  writeFileSync(card, JSON.stringify({ title: 'Same', license: 'ISC' }));
  const { stdout } = runCli('inspect', file, '--card', card, '--runtime-check', 'skip');
  expect(stdout.split('\n').slice(11, -2)).toEqual([
    'title          Same',
    'license        ISC',
    'training data  one',
    '               two',
    'metrics.f1     0.90',
  ]);
  expect(JSON.parse(runCli('inspect', file, '--json', '--runtime-check', 'skip').stdout).card).toEqual({
    license: 'MIT',
    trainingData: 'one\ntwo',
    metrics: { f1: '0.90' },
  });
});

test('an invalid card is refused', () => {
  const card = join(folder, 'wrong.json');
  writeFileSync(card, '{"licence": "MIT"}');
  expect(runCli('inspect', file, '--card', card)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`${file}: card.licence is not a field of a model card.`),
  });
});
