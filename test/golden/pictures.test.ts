import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnnxModel, type OnnxModelProps } from 'cdktf-model-serving';
import { LocalStage } from '../../lib/local-stage';
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
  writeFileSync('preprocessing.json', JSON.stringify({ image: IMAGE }));
});
afterAll(() => process.chdir(home));

const IMAGE = { color: 'gray', mean: 0.5, std: 0.5 } as const;
const y = (...data: number[]) => ({ name: 'y', datatype: 'FP32', shape: [1, 1, 1, data.length], data });

/** The model gives its input back, so that an example tells what becomes of a picture. */
function read(example: object, props: OnnxModelProps = {}): OnnxModel {
  const examples = [{ name: 'levels', picture: 'pictures/levels.png', response: { outputs: [y(-1, 1)] }, ...example }];
  writeFileSync('golden.json', JSON.stringify({ examples }));
  return OnnxModel.fromFile('same.onnx', { golden: 'golden.json', image: IMAGE, ...props });
}

test('a picture that becomes what it was in training is reproduced, and is in the image', () => {
  const { servable, files } = read({});
  expect(servable).toBe(true);
  expect(files.map(({ path }) => path)).toEqual(['model.onnx', 'golden.json', 'pictures/levels.png']);
});

test('what differs may be the declaration', () => {
  expect(() => read({}, { image: { ...IMAGE, mean: 0.25 } })).toThrow(
    'if the framework gave the example, mend the conversion or the declaration of image instead [golden-drift]',
  );
});

test.each([
  ['another mean', { image: { ...IMAGE, mean: 0.25 } }, 'at [0, 0, 0, 0] is -0.5; expected -1: 0.5 apart'],
  ['the default numbers', { image: { color: 'gray' } as const }, 'at [0, 0, 0, 0] is 0; expected -1: 1 apart'],
])('%s is found at synth, though the examples are the same', (_name, props, difference) => {
  expect(read({}).servable).toBe(true);
  expect(() => read({}, props)).toThrow(`golden.json: example "levels": output "y" ${difference}`);
});

test.each([
  [
    'no declaration of how a picture becomes an input',
    {},
    { image: undefined },
    'golden.json: example "levels": its request is the picture pictures/levels.png, and it is not declared how a picture becomes the model\'s input. Give OnnxModel.fromFile image, or the command --preprocessing. [golden-picture-undeclared]',
  ],
  ['a picture that is not there', { picture: 'pictures/none.png' }, {}, /^pictures\/none\.png: .*\[file-not-found\]$/],
  ['one outside of the folder', { picture: '../levels.png' }, {}, 'must be a path within the folder of the golden'],
  [
    'a request besides',
    { request: { inputs: [{ ...y(1, 1), name: 'x' }] } },
    {},
    'examples.0: must have either request or picture',
  ],
  ['neither', { picture: undefined }, {}, 'examples.0: must have either request or picture'],
  ['no picture', { picture: 'preprocessing.json' }, {}, 'example "levels": the body is not a picture; send a PNG or a'],
  [
    'an output that the model has not',
    { response: { outputs: [{ ...y(1, 1), name: 'z' }] } },
    {},
    'output "z" is none',
  ],
] as const)('%s is an error', (_name, example, props, message) => {
  expect(() => read(example, props)).toThrow(message);
});

test('the server decodes it before it is ready, and is never ready where it would answer otherwise', async () => {
  const { folder: stage, remove } = stageOf(read({}));
  const good = ServerProcess.spawn(join(stage, 'model'));
  await good.waitForLog(({ msg }) => msg === 'ready');
  expect(await good.stop()).toBe(0);
  remove();

  const wrong = { golden: 'golden.json', runtimeCheck: 'skip' } as const;
  const bad = ServerProcess.spawn(join(stageOf(read({ response: { outputs: [y(-1, 0.5)] } }, wrong)).folder, 'model'));
  const { error } = await bad.waitForLog(({ msg }) => msg === 'the model is not served');
  expect(error).toMatch(/^golden example "levels": output "y" at \[0, 0, 0, 1\] is 1; expected 0\.5/);
  expect(await bad.stop()).toBe(1);
});

function stageOf(model: OnnxModel): { folder: string; remove: () => void } {
  const stage = LocalStage.of(model);
  return { folder: join(stage.server, '..', '..'), remove: () => stage.remove() };
}

describe('model-serving golden record', () => {
  const record = (...args: string[]) =>
    runCli('golden', 'record', 'same.onnx', '--force', '--preprocessing', 'preprocessing.json', '--inputs', ...args);

  test('takes pictures among requests', () => {
    writeFileSync('request.json', JSON.stringify({ inputs: [{ ...y(0.5, 2), name: 'x' }] }));
    expect(record('pictures/levels.png', 'request.json')).toEqual({
      code: 0,
      stdout: 'same.golden.json: 2 golden examples.\n',
      stderr: '',
    });
    const { examples } = JSON.parse(readFileSync('same.golden.json', 'utf8'));
    expect(examples).toEqual([
      { name: 'levels', picture: 'pictures/levels.png', response: { outputs: [y(-1, 1)] } },
      { name: 'request', request: { inputs: [{ ...y(0.5, 2), name: 'x' }] }, response: { outputs: [y(0.5, 2)] } },
    ]);
    expect(runCli('check', 'same.onnx', '--preprocessing', 'preprocessing.json').stdout).toContain(
      'golden examples: same.golden.json, reproduced\n',
    );
    expect(runCli('check', 'same.onnx').stderr).toContain('[golden-picture-undeclared]');
  });

  test('copies those that are elsewhere', () => {
    mkdirSync('kept');
    const { code, stderr } = record('pictures/levels.png', '--out', 'kept/same.golden.json');
    expect([code, stderr]).toEqual([0, '']);
    const { examples } = JSON.parse(readFileSync('kept/same.golden.json', 'utf8'));
    expect(examples[0].picture).toBe('same.golden/levels.png');
    expect(readFileSync('kept/same.golden/levels.png')).toEqual(readFileSync('pictures/levels.png'));
  });

  test('says what is no picture, and what declares none', () => {
    writeFileSync('notes.jpg', 'a note');
    expect(record('notes.jpg').stderr).toBe(
      'same.onnx: nothing was recorded: notes: the body is not a picture; send a PNG or a JPEG file. Mend the request, and see model-serving inspect same.onnx for what the model takes. [golden-not-recorded]\n',
    );
    expect(runCli('golden', 'record', 'same.onnx', '--force', '--inputs', 'pictures/levels.png').stderr).toBe(
      'same.golden.json: example "levels": its request is the picture pictures/levels.png, and it is not declared how a picture becomes the model\'s input. Give OnnxModel.fromFile image, or the command --preprocessing. [golden-picture-undeclared]\n',
    );
  });
});
