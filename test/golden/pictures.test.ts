import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnnxModel, type OnnxModelProps } from 'cdktf-model-serving';
import { BuildContext, modelFiles } from '../../lib/container-image/build-context';
import { runCli } from '../support/run-cli';
import { identity, writeOnnxModel } from '../support/onnx-builder';
import { png } from '../support/png';
import { ServerProcess } from '../support/server';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const home = process.cwd();
beforeAll(() => {
  process.chdir(folder);
  mkdirSync('pictures');
  writeFileSync('pictures/levels.png', png('gray', 2, [[0, 255]]));
  writeOnnxModel('same.onnx', identity('float', ['n', 1, 1, 2]));
  writeFileSync('preprocessing.json', JSON.stringify({ picture: PICTURE }));
});
afterAll(() => process.chdir(home));

const PICTURE = { color: 'gray', mean: 0.5, std: 0.5 } as const;
const y = (...data: number[]) => ({ name: 'y', datatype: 'FP32', shape: [1, 1, 1, data.length], data });

/** Reads a model that returns its input, so that an example shows what a picture is converted to. */
function read(example: object, props: OnnxModelProps = {}): OnnxModel {
  const examples = [{ name: 'levels', picture: 'pictures/levels.png', response: { outputs: [y(-1, 1)] }, ...example }];
  writeFileSync('golden.json', JSON.stringify({ examples }));
  return OnnxModel.fromFile('same.onnx', { golden: 'golden.json', picture: PICTURE, ...props });
}

test('a picture that is converted as in training is reproduced, and is in the image', () => {
  const { servable, files } = read({});
  expect(servable).toBe(true);
  expect(files.map(({ path }) => path)).toEqual(['model.onnx', 'golden.json', 'pictures/levels.png']);
});

test.each([
  ['another mean', { picture: { ...PICTURE, mean: 0.25 } }, '-0.5; expected -1: 0.5 apart'],
  ['the default numbers', { picture: { color: 'gray' } as const }, '0; expected -1: 1 apart'],
])('%s is detected at synth with unchanged examples', (_name, props, difference) => {
  expect(read({}).servable).toBe(true);
  const drift = () => read({}, props);
  expect(drift).toThrow(`golden.json: example "levels": output "y" at [0, 0, 0, 0] is ${difference}`);
  expect(drift).toThrow(
    'If the example comes from the training framework, fix the conversion or the picture prop. If the model is right, record',
  );
});

test.each([
  [
    'no declaration of how a picture becomes an input',
    {},
    { picture: undefined },
    'golden.json: example "levels": its request is the picture pictures/levels.png, but the model declares no picture input. Set the prop picture of OnnxModel.fromFile, or the option --preprocessing of the command. [golden-picture-undeclared]',
  ],
  [
    'a missing picture',
    { picture: 'pictures/none.png' },
    {},
    'golden.json: this file refers to "pictures/none.png", which does not exist. Paths are relative to the folder of golden.json. [golden-file-missing]',
  ],
  ['a picture outside the folder', { picture: '../levels.png' }, {}, 'must be a path within the folder of the golden'],
  [
    'both a picture and a request',
    { request: { inputs: [{ ...y(1, 1), name: 'x' }] } },
    {},
    'examples.0: must have either request or picture',
  ],
  ['neither a picture nor a request', { picture: undefined }, {}, 'examples.0: must have either request or picture'],
  [
    'no picture',
    { picture: 'preprocessing.json' },
    {},
    'golden.json: example "levels": its request is the picture preprocessing.json, which is refused: the body is not a picture; send a PNG or JPEG file. Fix the request or picture of the example, or its expected response. [golden-refused]',
  ],
  [
    'a picture that is too large',
    {},
    { picture: { ...PICTURE, maxPixels: 1 } },
    'which is refused: the picture is 2 x 1 pixels, and the limit is 1 pixels; send a smaller one. Fix the request',
  ],
  [
    'an output that the model does not have',
    { response: { outputs: [{ ...y(1, 1), name: 'z' }] } },
    {},
    'the model has no output "z"',
  ],
] as const)('%s is an error', (_name, example, props, message) => {
  expect(() => read(example, props)).toThrow(message);
});

test('the server decodes the picture before it is ready, and is never ready if its answer differs', async () => {
  const good = ServerProcess.spawn(staged(read({})));
  await good.waitForLog(({ msg }) => msg === 'ready');
  expect(await good.stop()).toBe(0);

  const wrong = read({ response: { outputs: [y(-1, 0.5)] } }, { runtimeCheck: 'skip' });
  const bad = ServerProcess.spawn(staged(wrong));
  const { error } = await bad.waitForLog(({ msg }) => msg === 'the model is not served');
  expect(error).toMatch(/^golden example "levels": output "y" at \[0, 0, 0, 1\] is 1; expected 0\.5/);
  expect(await bad.stop()).toBe(1);
});

/** Stages the build context of a model, and returns its folder `model`. */
function staged(model: OnnxModel): string {
  const context = mkdtempSync(join(folder, 'context-'));
  new BuildContext(modelFiles(model)).stage(context);
  return join(context, 'model');
}

describe('model-serving golden record', () => {
  const record = (...args: string[]) =>
    runCli('golden', 'record', 'same.onnx', '--force', '--preprocessing', 'preprocessing.json', '--inputs', ...args);

  test('accepts pictures among requests', () => {
    writeFileSync('request.json', JSON.stringify({ inputs: [{ ...y(0.5, 2), name: 'x' }] }));
    expect(record('pictures/levels.png', 'request.json')).toEqual({
      code: 0,
      stdout: 'same.golden.json: 2 golden examples.\n',
      stderr: '',
    });
    const { examples } = JSON.parse(readFileSync('same.golden.json', 'utf8'));
    expect(examples).toMatchObject([
      { name: 'levels', picture: 'pictures/levels.png', response: { outputs: [y(-1, 1)] } },
      { name: 'request', request: { inputs: [{ ...y(0.5, 2), name: 'x' }] }, response: { outputs: [y(0.5, 2)] } },
    ]);
    expect(runCli('check', 'same.onnx', '--preprocessing', 'preprocessing.json').stdout).toContain(
      'golden examples: same.golden.json, reproduced\n',
    );
    expect(runCli('check', 'same.onnx').stderr).toContain('[golden-picture-undeclared]');
  });

  test('copies pictures from other folders', () => {
    mkdirSync('kept');
    const { code, stderr } = record('pictures/levels.png', '--out', 'kept/same.golden.json');
    expect([code, stderr]).toEqual([0, '']);
    const { examples } = JSON.parse(readFileSync('kept/same.golden.json', 'utf8'));
    expect(examples[0].picture).toBe('same.golden/levels.png');
    expect(readFileSync('kept/same.golden/levels.png')).toEqual(readFileSync('pictures/levels.png'));
  });

  test('overwrites no existing picture', () => {
    mkdirSync('own/own.golden', { recursive: true });
    mkdirSync('elsewhere');
    const [mine, other] = [png('gray', 2, [[1, 2]]), png('gray', 2, [[3, 4]])];
    writeFileSync('own/own.golden/a.png', mine);
    writeFileSync('own/own.golden/_.png', mine);
    writeFileSync('own/d\\e.png', mine);
    for (const name of ['a.png', 'ä.png']) writeFileSync(`elsewhere/${name}`, other);
    const inputs = ['elsewhere/a.png', 'elsewhere/ä.png', 'own/own.golden/_.png', 'own/d\\e.png'];
    // In the second recording, the copies from the first one already exist.
    for (const time of [1, 2]) {
      expect([time, record(...inputs, '--out', 'own/own.golden.json').code]).toEqual([time, 0]);
      const { examples } = JSON.parse(readFileSync('own/own.golden.json', 'utf8'));
      expect(examples.map(({ picture }: { picture: string }) => picture)).toEqual(
        ['a-2.png', '_-2.png', '_.png', 'd_e.png'].map((name) => `own.golden/${name}`),
      );
    }
    for (const name of ['a.png', '_.png', 'd_e.png']) expect(readFileSync(`own/own.golden/${name}`)).toEqual(mine);
    for (const name of ['a-2.png', '_-2.png']) expect(readFileSync(`own/own.golden/${name}`)).toEqual(other);
  });

  test('refuses a path that the image uses', () => {
    mkdirSync('model.onnx');
    writeFileSync('model.onnx/7.png', png('gray', 2, [[0, 255]]));
    expect(record('model.onnx/7.png').stderr).toBe(
      `same.golden.json: the image uses the path model.onnx/7.png for a file of its own. Move the example's file, for example to golden/7.png. [golden-file-reserved]\n`,
    );
  });

  test('reports a file that is not a picture, and a model that declares no picture', () => {
    writeFileSync('notes.jpg', 'a note');
    expect(record('notes.jpg').stderr).toBe(
      `same.onnx: nothing was recorded: notes: its request is the picture notes.jpg, which is refused: the body is not a picture; send a PNG or JPEG file. Fix the request; model-serving inspect same.onnx lists the model's inputs. [golden-not-recorded]\n`,
    );
    expect(runCli('golden', 'record', 'same.onnx', '--force', '--inputs', 'pictures/levels.png').stderr).toBe(
      'same.golden.json: example "levels": its request is the picture pictures/levels.png, but the model declares no picture input. Set the prop picture of OnnxModel.fromFile, or the option --preprocessing of the command. [golden-picture-undeclared]\n',
    );
  });
});
