import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { OnnxModel, type OnnxModelProps } from 'cdktf-model-serving';
import { fileSha256 } from '../lib/base/file-hash';
import { BuildContext } from '../lib/container-image/build-context';
import { openApiOf } from '../lib/openapi/openapi-file';
import { plainText } from '../lib/base/source-file';
import { problemsOf } from './model/support';
import { multiplier } from './support/models';
import { profileOf } from './support/profiles';
import { runCli } from './support/run-cli';
import { temporaryFolder } from './support/temporary-folder';

const folder = temporaryFolder();
const home = process.cwd();
beforeAll(() => {
  process.chdir(folder);
  multiplier('.', 'm', 2);
});
afterAll(() => process.chdir(home));

const MARK = '\ufeff';

/** Forms in which editors and systems write a text file. */
const FORMS: Readonly<Record<string, (text: string) => string>> = {
  'with a byte order mark': (text) => MARK + text,
  'with CRLF': (text) => text.replaceAll('\n', '\r\n'),
  'with both': (text) => MARK + text.replaceAll('\n', '\r\n'),
};

/** Encodings other than UTF-8, and their names in errors. */
const ENCODINGS: Readonly<Record<string, [(text: string) => Buffer, string]>> = {
  'UTF-16 as PowerShell writes it': [(text) => Buffer.from(MARK + text, 'utf16le'), 'UTF-16'],
  'UTF-16 of the other byte order': [(text) => Buffer.from(MARK + text, 'utf16le').swap16(), 'UTF-16'],
  'UTF-16 without a mark': [(text) => Buffer.from(text, 'utf16le'), 'UTF-16'],
  'UTF-32': [(text) => Buffer.from([...(MARK + text)].flatMap((c) => [c.codePointAt(0)!, 0, 0, 0])), 'UTF-32'],
  'Windows-1252': [(text) => Buffer.from(`${text}é`, 'latin1'), 'not UTF-8'],
};

function pretty(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

const tensor = (name: string, data: number[]) => ({ name, datatype: 'FP32', shape: [data.length], data });
const GOLDEN = pretty({
  examples: [{ name: 'first', request: { inputs: [tensor('x', [1])] }, response: { outputs: [tensor('y', [2])] } }],
});

function context(props: OnnxModelProps): BuildContext {
  return BuildContext.of({ model: OnnxModel.fromFile('m.onnx', props), platform: 'linux/amd64', nodePath: '/node' });
}

describe.each(Object.entries(FORMS))('a file %s', (name, form) => {
  test('of golden examples gives the same image', () => {
    writeFileSync('lf.golden.json', GOLDEN);
    writeFileSync('other.golden.json', form(GOLDEN));
    const expected = context({ golden: 'lf.golden.json' });
    const other = context({ golden: 'other.golden.json' });
    expect(other.hash).toBe(expected.hash);
    const folder = `context ${name}`;
    other.stage(folder);
    expect(readFileSync(`${folder}/model/golden.json`, 'utf8')).toBe(GOLDEN);
    const { files } = JSON.parse(readFileSync(`${folder}/model/model.json`, 'utf8'));
    expect(files[1]).toEqual({
      path: 'golden.json',
      sha256: createHash('sha256').update(GOLDEN).digest('hex'),
      sizeBytes: GOLDEN.length,
    });
    // The file itself is unchanged.
    expect(readFileSync('other.golden.json', 'utf8')).toBe(form(GOLDEN));
  });

  test('of class names gives the same names', () => {
    writeFileSync('names.txt', form('cat\ndog\n'));
    const { classes } = OnnxModel.fromFile('m.onnx', { classes: 'names.txt', runtimeCheck: 'skip' });
    expect(classes!.names).toEqual(['cat', 'dog']);
  });

  test('of a profile, interface, card and preprocessing is read', () => {
    const { sha256 } = OnnxModel.fromFile('m.onnx');
    writeFileSync('a.profile.json', form(pretty(profileOf(sha256))));
    expect(runCli('interface', 'accept', 'm.onnx', '--interface', 'a.interface.json').code).toBe(0);
    writeFileSync('a.interface.json', form(readFileSync('a.interface.json', 'utf8')));
    writeFileSync('card.json', form(pretty({ title: 'A title' })));
    writeFileSync('p.json', form(pretty({ classes: ['a'] })));
    const committed = ['--profile', 'a.profile.json', '--interface', 'a.interface.json'];
    const given = ['--card', 'card.json', '--preprocessing', 'p.json'];
    const { stdout, stderr } = runCli('inspect', 'm.onnx', '--json', ...committed.slice(0, 2), ...given);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({ card: { title: 'A title' }, classes: { names: ['a'] }, servable: true });
    expect(runCli('check', 'm.onnx', ...committed).code).toBe(0);
  });

  test('of a request is recorded', () => {
    writeFileSync('request.json', form(pretty({ inputs: [tensor('x', [1])] })));
    const { code, stderr } = runCli('golden', 'record', 'm.onnx', '--inputs', 'request.json', '--force');
    expect([code, stderr]).toEqual([0, '']);
    expect(readFileSync('m.golden.json', 'utf8')).not.toMatch(/\r|\ufeff/);
  });

  test('of golden examples is replaced together with the files that it names', () => {
    const example = JSON.parse(GOLDEN) as { examples: [{ request: { inputs: object[] } }] };
    example.examples[0].request.inputs = [{ name: 'x', datatype: 'FP32', shape: [1], file: 'm.golden/old.bin' }];
    mkdirSync('m.golden', { recursive: true });
    writeFileSync('m.golden/old.bin', Buffer.from(Float32Array.of(1).buffer));
    writeFileSync('m.golden.json', form(pretty(example)));
    writeFileSync('request.json', pretty({ inputs: [tensor('x', [1])] }));
    expect(runCli('golden', 'record', 'm.onnx', '--inputs', 'request.json', '--force').code).toBe(0);
    expect(existsSync('m.golden')).toBe(false);
  });

  test('of an OpenAPI document that is up to date is not rewritten', () => {
    const text = form(openApiOf(OnnxModel.fromFile('m.onnx')));
    writeFileSync('m.openapi.json', text);
    expect(runCli('openapi', 'm.onnx', '--out', 'm.openapi.json').code).toBe(0);
    expect(readFileSync('m.openapi.json', 'utf8')).toBe(text);
  });
});

describe.each(Object.entries(ENCODINGS))('a file in %s', (_, [encode, encoding]) => {
  const message = (path: string) => `${path}: the file is ${encoding}. Save it as UTF-8. [file-not-utf8]`;

  test('is rejected', () => {
    for (const path of ['u.golden.json', 'u.profile.json', 'u.interface.json', 'u.txt']) {
      writeFileSync(path, encode('{\n}\n'));
    }
    const props: OnnxModelProps[] = [
      { golden: 'u.golden.json' },
      { profile: 'u.profile.json' },
      { interface: 'u.interface.json' },
      { classes: 'u.txt' },
    ];
    const found = props.map((prop) => problemsOf(() => OnnxModel.fromFile('m.onnx', prop)));
    expect(found.flat()).toEqual(
      ['u.golden.json', 'u.profile.json', 'u.interface.json', 'u.txt'].map(
        (path) => `file-not-utf8: ${path}: the file is ${encoding}. Save it as UTF-8.`,
      ),
    );
  });

  test('is rejected on the command line', () => {
    writeFileSync('u.json', encode('{\n}\n'));
    for (const option of ['--card', '--preprocessing']) {
      expect(runCli('inspect', 'm.onnx', option, 'u.json').stderr).toBe(`${message('u.json')}\n`);
    }
    const record = ['golden', 'record', 'm.onnx', '--out', 'none.json', '--inputs', 'u.json'];
    expect(runCli(...record).stderr).toBe(`${message('u.json')}\n`);
  });
});

test('a normalized file has the hash of its bytes, and is linked unchanged', () => {
  writeFileSync('plain.golden.json', GOLDEN);
  const { files } = OnnxModel.fromFile('m.onnx', { golden: 'plain.golden.json' });
  expect(files[1]).toMatchObject(fileSha256('plain.golden.json'));
  expect(files[1]!.text).toBeUndefined();
});

test('only a mark at the start and Windows line breaks are removed', () => {
  const text = (content: string) => plainText(Buffer.from(content));
  expect(text(`${MARK}a${MARK}\r\nb\rc\n`)).toEqual({ text: `a${MARK}\nb\rc\n` });
  expect(text(MARK + MARK)).toEqual({ text: MARK });
  expect([text(''), text('a')]).toEqual([{ text: '' }, { text: 'a' }]);
});

test('a check of examples in a different form is cached too', () => {
  writeFileSync('kept.golden.json', FORMS['with both']!(GOLDEN.replace('first', 'kept')));
  const read = () => OnnxModel.fromFile('m.onnx', { golden: 'kept.golden.json' });
  read();
  const node = process.execPath;
  try {
    process.execPath = '/no/such/node';
    expect(read().servable).toBe(true);
  } finally {
    process.execPath = node;
  }
});
