import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModelServingError, OnnxModel, type ModelCard } from 'cdktf-model-serving';
import { readCardFile } from '../../lib/model/read-card';
import { identity, type ModelParts, writeOnnxModel } from '../support/onnx-builder';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const FILE = join(folder, 'm.onnx');

function read(parts: Partial<ModelParts>, card?: ModelCard): OnnxModel {
  return OnnxModel.fromFile(writeOnnxModel(FILE, { ...identity('float', ['n']), ...parts }), {
    card,
    runtimeCheck: 'skip',
  });
}

/** Messages about an invalid card, without the path of the file, with which all of them begin. */
function problems(card: unknown): string[] {
  try {
    read({}, card as ModelCard);
  } catch (error) {
    if (!(error instanceof ModelServingError)) throw error;
    return error.message.split('\n').map((line) => line.replace(`${FILE}: `, ''));
  }
  throw new Error('the card was accepted');
}

const WHOLE: ModelCard = {
  title: 'Digits',
  description: 'Reads digits.\nNot letters.',
  license: 'MIT OR (Apache-2.0 WITH LLVM-exception AND LicenseRef-Own)',
  authors: 'Ada Example <ada@example.com>',
  vendor: 'Example Inc.',
  trainingData: 'MNIST',
  metrics: { accuracy: 0.987, task: 'ten classes' },
  source: 'ssh://git@example.com/ml/digits.git',
  revision: '2ea1ed1',
  documentation: 'https://example.com/digits',
};

describe('a card', () => {
  test('contains exactly the given fields', () => {
    expect(read({}, WHOLE).card).toEqual(WHOLE);
    expect(read({}).card).toBeUndefined();
    expect(read({}, {}).card).toBeUndefined();
    expect(read({}, { title: undefined, metrics: {} }).card).toBeUndefined();
  });

  test('goes into model.json with the names of the file, and metrics sorted', () => {
    expect(read({}, { ...WHOLE, metrics: { f1: '0.90', accuracy: 0.987 } }).manifest().properties).toEqual({
      title: 'Digits',
      description: 'Reads digits.\nNot letters.',
      license: 'MIT OR (Apache-2.0 WITH LLVM-exception AND LicenseRef-Own)',
      authors: 'Ada Example <ada@example.com>',
      vendor: 'Example Inc.',
      training_data: 'MNIST',
      source: 'ssh://git@example.com/ml/digits.git',
      revision: '2ea1ed1',
      documentation: 'https://example.com/digits',
      'metrics.accuracy': '0.987',
      'metrics.f1': '0.90',
    });
    expect(JSON.parse(JSON.stringify(read({}).manifest()))).not.toHaveProperty('properties');
  });

  test('overrides the file field by field, and metrics as a whole', () => {
    const metadata = { title: 'Of the file', license: 'MIT', 'metrics.f1': '0.9' };
    expect(read({ metadata }, { title: 'Mine', metrics: { accuracy: 1 } }).card).toEqual({
      title: 'Mine',
      license: 'MIT',
      metrics: { accuracy: 1 },
    });
    expect(read({ metadata }, { metrics: {} }).card).toEqual({ title: 'Of the file', license: 'MIT' });
  });
});

describe('a card in a model file', () => {
  test.each<[Record<string, string>, ModelCard | undefined]>([
    [{ title: 't', description: 'd', vendor: 'v', source: 'https://a.example/b', revision: 'r' }, expect.any(Object)],
    [{ license: 'MIT', licence: 'ISC', model_license: '0BSD' }, { license: 'MIT' }],
    [{ licence: 'ISC', model_license: '0BSD' }, { license: 'ISC' }],
    [
      { model_license: '0BSD', model_author: 'A, B' },
      { license: '0BSD', authors: 'A, B' },
    ],
    [{ author: 'A', authors: 'B' }, { authors: 'B' }],
    [{ author: 'A' }, { authors: 'A' }],
    [{ organization: 'O' }, { vendor: 'O' }],
    [{ training_data: 'T', dataset: 'D' }, { trainingData: 'T' }],
    [{ dataset: 'D' }, { trainingData: 'D' }],
    [
      { repository: 'https://a.example/b', commit: 'c' },
      { source: 'https://a.example/b', revision: 'c' },
    ],
    [{ docs: 'https://a.example' }, { documentation: 'https://a.example' }],
    [{ 'metrics.top 1': '0.970', metrics: 'many' }, { metrics: { 'top 1': '0.970' } }],
    [{ title: ' ', license: '', stride: '32' }, undefined],
  ])('%j', (metadata, card) => {
    const model = read({ metadata });
    expect([model.card, model.warnings]).toEqual([card, []]);
  });

  test('includes the description of the metadata, the model or the graph', () => {
    const all = { metadata: { description: 'metadata' }, docString: 'model', graphDocString: 'graph' };
    expect(read(all).card).toEqual({ description: 'metadata' });
    expect(read({ ...all, metadata: {} }).card).toEqual({ description: 'model' });
    expect(read({ graphDocString: 'graph' }).card).toEqual({ description: 'graph' });
  });

  test('omits invalid values with a warning, unless they are overridden', () => {
    const metadata = {
      license: 'AGPL-3.0 License (https://ultralytics.com/license)',
      source: 'kaggle',
      'metrics.': '1',
      'metrics.f1': 'a\nb',
      title: 'Detector',
    };
    const { card, warnings } = read({ metadata });
    expect(card).toEqual({ title: 'Detector' });
    expect(warnings.map((line) => line.replace(`${FILE}: `, ''))).toEqual([
      'metadata_props "license" is "AGPL-3.0 License (https://ultralytics.com/license)", which is not an SPDX licence expression. Pass one such as "Apache-2.0" or "MIT OR Apache-2.0". For a licence that spdx.org/licenses does not list, pass "LicenseRef-" followed by a name. The card omits this value; set card.license to replace it.',
      'metadata_props "source" is "kaggle", which is not a URL with one of the schemes https, http, ssh, git, git+https, git+ssh. Pass an absolute URL, such as "https://example.com/digits". The card omits this value; set card.source to replace it.',
      'metadata_props "metrics" has a metric named "". Use a single-line name of 1 to 128 characters without leading or trailing spaces. The card omits this value; set card.metrics to replace it.',
      'metadata_props "metrics".f1 contains the control character U+000A at index 1. Pass a single line of text. The card omits this value; set card.metrics to replace it.',
    ]);
    const given = { license: 'AGPL-3.0-only', source: 'https://a.example', metrics: {} };
    expect(read({ metadata }, given).warnings).toEqual([]);
  });

  test('omits metrics that exceed a label', () => {
    const metadata = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`metrics.m${i}`, '0.123456789']));
    const { card, warnings } = read({ metadata });
    expect(card).toBeUndefined();
    expect(warnings).toEqual([
      expect.stringMatching(/"metrics" is 4091 bytes long, but an image label can hold at most/),
    ]);
  });
});

describe('rejects a card', () => {
  test.each([
    [{ title: '' }, 'card.title is empty. Pass some text, or omit the field. [card-field-empty]'],
    [{ vendor: ' \t' }, 'card.vendor is empty. Pass some text, or omit the field. [card-field-empty]'],
    [
      { authors: ['Ada'] },
      'card.authors is ["Ada"], which is not a string. Pass a string, or omit the field. [card-not-text]',
    ],
    [{ title: null }, 'card.title is null, which is not a string. Pass a string, or omit the field. [card-not-text]'],
    [
      { licence: 'MIT' },
      'card.licence is not a field of a model card. The fields are title, description, license, authors, vendor, trainingData, source, revision, documentation, metrics. [card-field-unknown]',
    ],
    [
      { license: 'Apache 2.0' },
      'card.license is "Apache 2.0", which is not an SPDX licence expression. Pass one such as "Apache-2.0" or "MIT OR Apache-2.0". For a licence that spdx.org/licenses does not list, pass "LicenseRef-" followed by a name. [card-license-invalid]',
    ],
    [{ license: 'Apache2' }, expect.stringMatching(/^card.license is "Apache2", which is not an SPDX/)],
    [
      { title: 'a\nb' },
      'card.title contains the control character U+000A at index 1. Pass a single line of text. [card-control-character]',
    ],
    [
      { description: 'a\r\n\tb\u001b[0m' },
      'card.description contains the control character U+001B at index 5. Line breaks and tabs are the only control characters allowed. [card-control-character]',
    ],
    [{ trainingData: '\u0085' }, expect.stringMatching(/U\+0085 at index 0/)],
    [
      { source: 'example.com/digits' },
      'card.source is "example.com/digits", which is not a URL with one of the schemes https, http, ssh, git, git+https, git+ssh. Pass an absolute URL, such as "https://example.com/digits". [card-url-invalid]',
    ],
    [
      { documentation: 'ssh://git@example.com/digits' },
      'card.documentation is "ssh://git@example.com/digits", which is not a URL with one of the schemes https, http. Pass an absolute URL, such as "https://example.com/digits". [card-url-invalid]',
    ],
    [
      { documentation: 'javascript:alert(1)' },
      expect.stringMatching(/not a URL with one of the schemes https, http\./),
    ],
    [
      { source: 'https://me:secret@example.com/digits' },
      'card.source is a URL with a password, which everyone with access to the image can read. Remove the password. [card-url-password]',
    ],
    [
      { metrics: { accuracy: NaN } },
      'card.metrics.accuracy is NaN, which is neither a finite number nor a string. Pass a finite number or a string, or omit the metric. [card-metric-invalid]',
    ],
    [{ metrics: { loss: Infinity } }, expect.stringMatching(/^card.metrics.loss is Infinity/)],
    [{ metrics: { loss: true } }, expect.stringMatching(/^card.metrics.loss is true/)],
    [{ metrics: { loss: '' } }, 'card.metrics.loss is empty. Pass some text, or omit the field. [card-field-empty]'],
    [
      { metrics: { ' f1': 1 } },
      'card.metrics has a metric named " f1". Use a single-line name of 1 to 128 characters without leading or trailing spaces. [card-metric-name-invalid]',
    ],
    [
      { metrics: [0.9] },
      'card.metrics is [0.9], which is not an object. Pass an object whose values are numbers or strings, such as { accuracy: 0.987 }. [card-metrics-invalid]',
    ],
    [
      { revision: '${TfToken[TOKEN.0]}' },
      'card.revision is a Terraform token, but its value is written into the image at synth. Pass a plain value. [must-be-known-at-synth]',
    ],
  ])('%j', (card, message) => expect(problems(card)).toEqual([message]));

  test('with all problems at once', () => {
    expect(problems({ title: '', license: 'x', metrics: { a: NaN, '': 1 } })).toHaveLength(4);
  });
});

test('accepts the longest allowed text, and no longer text', () => {
  expect(problems({ description: 'é'.repeat(2001) })).toEqual([
    'card.description is 4002 bytes long, but an image label can hold at most 4000 bytes. Shorten it, and move the rest to the page that card.documentation links to. [card-too-long]',
  ]);
  expect(problems({ metrics: { a: 'x'.repeat(3990), b: 'y'.repeat(20) } })).toEqual([
    'card.metrics is 4025 bytes long, but an image label can hold at most 4000 bytes. Shorten it, and move the rest to the page that card.documentation links to. [card-too-long]',
  ]);
  expect(read({}, { description: 'x'.repeat(4000) }).card?.description).toHaveLength(4000);
});

test('a card in a file', () => {
  const path = join(folder, 'card.json');
  const failure = (content: string) => () => {
    writeFileSync(path, content);
    return readCardFile(path);
  };
  expect(failure('{"title":"T"}')()).toEqual({ title: 'T' });
  expect(failure('[]')).toThrow(
    `${path}: a model card must be a JSON object of the form {"title"?, "description"?, "license"?, …}. [card-not-object]`,
  );
  expect(failure('{')).toThrow(/this is not valid JSON: .*\. A card has the form .*\[card-not-json\]/);
  expect(() => readCardFile(join(folder, 'none.json'))).toThrow('[file-not-found]');
});
