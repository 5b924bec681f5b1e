import { symlinkSync, writeFileSync } from 'node:fs';
import { OnnxModel, type OnnxModelProps } from 'cdktf-model-serving';
import { problemsOf } from '../model/support';
import { multiplier } from '../support/models';
import { externalInitializer, node, value, writeOnnxModel } from '../support/onnx-builder';
import { runCli } from '../support/run-cli';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const home = process.cwd();
beforeAll(() => {
  process.chdir(folder);
  multiplier('.', 'm', 2);
  symlinkSync('circle', 'circle');
  symlinkSync('there', 'back');
  symlinkSync('back', 'there');
});
afterAll(() => process.chdir(home));

const said = (path: string) =>
  `${path}: cannot read the file: its symbolic links form a loop. Point the link at the file itself.`;

const problems = (model: string, props: OnnxModelProps = {}) =>
  problemsOf(() => OnnxModel.fromFile(model, { runtimeCheck: 'skip', ...props }));

test.each(['circle', 'there'])('a model whose links form a loop: %s', (path) => {
  expect(problems(path)).toEqual([`file-link-circle: ${said(path)}`]);
});

test.each(['golden', 'profile', 'interface', 'classes'])('a file in a prop: %s', (prop) => {
  expect(problems('m.onnx', { [prop]: 'circle' })).toEqual([`file-link-circle: ${said('circle')}`]);
});

test.each(['golden', 'profile', 'interface', 'contract'])(
  'a file beside the model, which is not ignored: %s',
  (kind) => {
    multiplier('.', kind, 2);
    const path = `${kind}.${kind}.json`;
    symlinkSync(path, path);
    expect(runCli('check', `${kind}.onnx`).stderr).toContain(`${said(path)} [file-link-circle]\n`);
  },
);

test('a file of an example', () => {
  const tensor = (name: string) => ({ name, datatype: 'FP32', shape: [1], file: 'circle' });
  const example = { name: 'first', request: { inputs: [tensor('x')] }, response: { outputs: [tensor('y')] } };
  writeFileSync('examples.json', JSON.stringify({ examples: [example] }));
  expect(problems('m.onnx', { golden: 'examples.json' })).toEqual([`file-link-circle: ${said('circle')}`]);
});

test('weights', () => {
  const initializers = [externalInitializer('w', 'float', [1], 'circle')];
  const [inputs, outputs] = [[value('x', 'float', ['n'])], [value('y', 'float', ['n'])]];
  writeOnnxModel('e.onnx', { inputs, outputs, initializers, nodes: [node('Mul', ['x', 'w'], ['y'])] });
  expect(problems('e.onnx')).toEqual([`file-link-circle: ${said('circle')}`]);
});

test.each([
  ['inspect', 'circle'],
  ['inspect', 'm.onnx', '--card', 'circle'],
  ['inspect', 'm.onnx', '--preprocessing', 'circle'],
  ['interface', 'diff', 'm.onnx', '--interface', 'circle'],
  ['golden', 'record', 'm.onnx', '--out', 'new.json', '--inputs', 'circle'],
])('on the command line: %s %s %s %s', (...args) => {
  const { code, stdout, stderr } = runCli(...args.filter((arg) => arg !== undefined));
  expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: `${said('circle')} [file-link-circle]\n` });
});
