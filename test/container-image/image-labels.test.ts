import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnnxModel, type ModelCard } from 'cdktf-model-serving';
import { BuildContext } from '../../lib/container-image/build-context';
import { dockerfile } from '../../lib/container-image/dockerfile';
import { imageLabels } from '../../lib/container-image/image-labels';
import { multiplier } from '../support/models';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const file = multiplier(folder, 'double', 2);

function model(card?: ModelCard): OnnxModel {
  return OnnxModel.fromFile(file, { card, version: '3', runtimeCheck: 'skip' });
}

test('an image without a card has labels that identify its model', () => {
  expect(imageLabels(model())).toEqual({
    'org.opencontainers.image.title': 'double',
    'org.opencontainers.image.version': '3',
    'io.model-serving.model.name': 'double',
    'io.model-serving.model.sha256': model().sha256,
    'io.model-serving.sbom': '/model/sbom.cdx.json',
  });
});

test('every field of a card has a label', () => {
  const card: Required<ModelCard> = {
    title: 'Twice',
    description: 'Doubles.',
    license: 'MIT',
    authors: 'Ada',
    vendor: 'Example',
    trainingData: 'none',
    metrics: { f1: '0.90', accuracy: 1 },
    source: 'https://example.com/twice',
    revision: 'abc',
    documentation: 'https://example.com/docs',
  };
  expect(imageLabels(model(card))).toEqual({
    ...imageLabels(model()),
    'org.opencontainers.image.title': 'Twice',
    'org.opencontainers.image.description': 'Doubles.',
    'org.opencontainers.image.licenses': 'MIT',
    'org.opencontainers.image.authors': 'Ada',
    'org.opencontainers.image.vendor': 'Example',
    'org.opencontainers.image.source': 'https://example.com/twice',
    'org.opencontainers.image.revision': 'abc',
    'org.opencontainers.image.documentation': 'https://example.com/docs',
    'io.model-serving.model.training-data': 'none',
    'io.model-serving.model.metrics': '{"accuracy":1,"f1":"0.90"}',
  });
});

test.each([
  ['say "hi"', String.raw`"say \"hi\""`],
  ["it's", `"it's"`],
  ['$HOME ${HOME:-x} $$', String.raw`"\$HOME \${HOME:-x} \$\$"`],
  ['C:\\models\\', String.raw`"C:\\models\\"`],
  ['one\ntwo\r\nthree\rfour', '"one two three four"'],
  ['<<EOF # no comment', '"<<EOF # no comment"'],
  ['größer 数字 🙂', '"größer 数字 🙂"'],
])('the Dockerfile quotes %j', (value, quoted) => {
  const text = dockerfile({ nodePath: '/node', takesPictures: false, labels: { label: value } });
  expect(text.split('\n').at(-2)).toBe(`LABEL label=${quoted}`);
});

test('a card changes the context, and the order of its metrics does not', () => {
  const hash = (card?: ModelCard) =>
    BuildContext.of({ model: model(card), platform: 'linux/amd64', nodePath: '/node' }).hash;
  expect(hash({ metrics: { a: 1, b: 2 } })).toBe(hash({ metrics: { b: 2, a: 1 } }));
  expect(hash({ metrics: { a: 1 } })).not.toBe(hash());
});

test('a staged context contains the labels and the bill of materials', () => {
  const target = join(folder, 'context');
  BuildContext.of({ model: model({ title: '$x' }), platform: 'linux/amd64', nodePath: '/node' }).stage(target);
  const read = (path: string) => readFileSync(join(target, path), 'utf8');
  expect(read('Dockerfile')).toContain('LABEL org.opencontainers.image.title="\\$x"\n');
  expect(JSON.parse(read('model/model.json')).properties).toEqual({ title: '$x' });
  expect(JSON.parse(read('model/sbom.cdx.json')).components[0].name).toBe('double');
});
