import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnnxModel } from '../../lib/onnx-model/onnx-model';
import type { OnnxModelProps } from '../../lib/onnx-model/onnx-model-props';
import { node, value, writeOnnxModel, type AttributeValue, type ModelParts } from '../support/onnx-builder';
import { temporaryFolder } from '../support/temporary-folder';
import { problemsOf } from './support';

const folder = temporaryFolder();
const path = join(folder, 'm.onnx');

/** Model that computes y from x with a StringNormalizer that has the given attributes. */
function normalizer(attributes: Record<string, AttributeValue>): ModelParts {
  return {
    inputs: [value('x', 'string', ['n'])],
    outputs: [value('y', 'string', ['m'])],
    nodes: [node('StringNormalizer', ['x'], ['y'], { name: 'lower', attributes })],
  };
}

function problems(parts: ModelParts, props: OnnxModelProps = {}): string[] {
  writeOnnxModel(path, parts);
  return problemsOf(() => OnnxModel.fromFile(path, props));
}

function missing(locale: string): string {
  return `${path}: node "lower" (StringNormalizer) needs the locale ${locale}, but the base image has only C, POSIX and C.UTF-8. Export the model with locale "C.UTF-8" (with skl2onnx: options={TfidfVectorizer: {"locale": "C.UTF-8"}}). If your base image has the locale, set runtimeCheck to "warn" to make this a warning.`;
}

const LOWER = { case_change_action: 'LOWER' };

describe('a locale that the image lacks is rejected', () => {
  test.each(['en_US', 'en_US.UTF-8', 'de_DE.UTF-8', 'c.utf-8', 'C.ISO-8859-1', 'xx'])('%s', (locale) => {
    expect(problems(normalizer({ ...LOWER, locale }))).toEqual([`locale-missing: ${missing(`"${locale}"`)}`]);
  });

  test('as the default of the runtime', () => {
    expect(problems(normalizer(LOWER))).toEqual([`locale-missing: ${missing('"en_US.UTF-8", its default')}`]);
  });

  test('to change strings to upper case', () => {
    const attributes = { case_change_action: 'UPPER', locale: 'en_US' };
    expect(problems(normalizer(attributes))).toEqual([`locale-missing: ${missing('"en_US"')}`]);
  });

  test('to compare regardless of case', () => {
    const attributes = { locale: 'en_US', is_case_sensitive: 0, stopwords: { strings: ['a'] } };
    expect(problems(normalizer(attributes))).toEqual([`locale-missing: ${missing('"en_US"')}`]);
  });

  test('in a branch, and in a function that is called', () => {
    const lower = node('StringNormalizer', ['x'], ['y'], { name: 'lower', attributes: { ...LOWER, locale: 'en_US' } });
    const opsets = { '': 17, mine: 1 };
    const inside = {
      domain: 'mine',
      name: 'F',
      input: ['x'],
      output: ['y'],
      node: [lower],
      opsetImport: [{ version: 17 }],
    };
    const call = node('F', ['x'], ['y'], { domain: 'mine' });
    const branch = node('If', ['x'], ['y'], { attributes: { then_branch: { graph: { node: [lower] } } } });
    for (const nodes of [[branch], [call]]) {
      const parts = { ...normalizer({}), nodes, opsets, functions: [inside] };
      expect(problems(parts)).toEqual([`locale-missing: ${missing('"en_US"')}`]);
    }
    const identity = node('Identity', ['x'], ['y']);
    expect(problems({ ...normalizer({}), nodes: [identity], opsets, functions: [inside] })).toEqual([]);
  });
});

describe('attributes that a function takes from its call', () => {
  const opsets = { '': 17, mine: 1 };
  const ref = (name: string) => ({ ref: name, type: 3 });
  const fn = (name: string, inner: ReturnType<typeof node>, more: object = {}) => ({
    domain: 'mine',
    name,
    input: ['x'],
    output: ['y'],
    attribute: ['change', 'language'],
    node: [inner],
    opsetImport: [{ version: 17 }, { domain: 'mine', version: 1 }],
    ...more,
  });
  const lower = node('StringNormalizer', ['x'], ['y'], {
    name: 'lower',
    attributes: { case_change_action: ref('change'), locale: ref('language') },
  });
  const outer = node('F', ['x'], ['y'], {
    domain: 'mine',
    attributes: { change: ref('change'), language: ref('language') },
  });
  const call = (name: string, attributes: Record<string, AttributeValue>) =>
    node(name, ['x'], ['y'], { domain: 'mine', attributes });
  const of = (nodes: ReturnType<typeof node>[], more: object = {}) => ({
    ...normalizer({}),
    nodes,
    opsets,
    functions: [fn('F', lower, more), fn('G', outer)],
  });

  test.each(['F', 'G'])('are checked for each call of %s', (name) => {
    const attributes = { change: 'LOWER', language: 'en_US' };
    expect(problems(of([call(name, attributes)]))).toEqual([`locale-missing: ${missing('"en_US"')}`]);
    // The message contains the runtime's default if the call sets no locale.
    expect(problems(of([call(name, { change: 'LOWER' })]))).toEqual([
      `locale-missing: ${missing('"en_US.UTF-8", its default')}`,
    ]);
    expect(problems(of([call(name, { change: 'LOWER', language: 'C.UTF-8' })]))).toEqual([]);
    expect(problems(of([call(name, { change: 'NONE', language: 'en_US' })]))).toEqual([]);
  });

  test('have the defaults of the function', () => {
    const defaults = [{ name: 'language', s: Buffer.from('en_US'), type: 3 }];
    const parts = of([call('F', { change: 'LOWER' })], { attribute: ['change'], attributeProto: defaults });
    expect(problems(parts)).toEqual([`locale-missing: ${missing('"en_US"')}`]);
  });
});

test('runtimeCheck "warn" leaves it to the base image, and "skip" warns too', () => {
  writeOnnxModel(path, normalizer({ ...LOWER, locale: 'en_US' }));
  for (const runtimeCheck of ['warn', 'skip'] as const) {
    const { warnings, servable } = OnnxModel.fromFile(path, { runtimeCheck });
    expect({ warnings, servable }).toEqual({ warnings: [missing('"en_US"')], servable: false });
  }
});

describe('accepts', () => {
  test.each(['C', 'POSIX', 'C.UTF-8', 'C.utf8', 'C.UTF8', ''])('the locale %j, which the image has', (locale) => {
    expect(problems(normalizer({ ...LOWER, locale }))).toEqual([]);
  });

  test.each<[string, Record<string, AttributeValue>]>([
    ['no attribute', {}],
    ['no change of case', { case_change_action: 'NONE', locale: 'en_US' }],
    ['exact stop words', { locale: 'en_US', is_case_sensitive: 1, stopwords: { strings: ['a'] } }],
    ['no stop words', { locale: 'en_US', is_case_sensitive: 0 }],
  ])('a locale that the runtime does not need: %s', (_, attributes) => {
    expect(problems(normalizer(attributes))).toEqual([]);
  });
});

test("the process has the image's locale, whatever the locale of this process", () => {
  process.env.LC_ALL = 'C.UTF-8';
  const golden = join(folder, 'golden.json');
  const tensor = (name: string, text: string) => ({ name, datatype: 'BYTES', shape: [1], data: [text] });
  // The locale C handles only ASCII letters.
  const example = { request: { inputs: [tensor('x', 'ÄB')] }, response: { outputs: [tensor('y', 'Äb')] } };
  writeFileSync(golden, JSON.stringify({ examples: [{ name: 'first', ...example }] }));
  expect(problems(normalizer({ ...LOWER, locale: '' }), { golden })).toEqual([]);
  delete process.env.LC_ALL;
});
