import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnnxModel, type OnnxModelProps } from 'cdktf-model-serving';
import { modelManifestSchema } from '../../inference-image/src/contract/manifest-schema';
import { BuildContext } from '../../lib/container-image/build-context';
import { readPreprocessing } from '../../lib/preprocessing/preprocessing-file';
import { problemsOf } from '../model/support';
import { identity, node, value, writeOnnxModel, type Dim, type Elem } from '../support/onnx-builder';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const path = join(folder, 'm.onnx');

function model(elem: Elem, dims: Dim[], props: OnnxModelProps): OnnxModel {
  writeOnnxModel(path, identity(elem, dims));
  return OnnxModel.fromFile(path, { runtimeCheck: 'skip', ...props });
}

function problem(elem: Elem, dims: Dim[], props: OnnxModelProps): string[] {
  return problemsOf(() => model(elem, dims, props)).map((text) => text.replace(`${path}: `, ''));
}

describe('picture', () => {
  test('needs only a color; the signature determines the rest', () => {
    const { picture } = model('float', ['n', 3, 224, 200], { picture: { color: 'rgb' } });
    expect(picture).toEqual({
      input: 'x',
      datatype: 'FP32',
      shape: [1, 3, 224, 200],
      width: 200,
      height: 224,
      color: 'rgb',
      planar: true,
      invert: false,
      fit: 'stretch',
      background: 255,
      scale: 1 / 255,
      mean: [0, 0, 0],
      std: [1, 1, 1],
      maxPixels: 16_777_216,
    });
  });

  test('may have every setting', () => {
    const props = {
      input: 'x',
      width: 7,
      height: 5,
      layout: 'NHWC',
      color: 'bgr',
      scale: 1,
      mean: [1, 2, 3],
      std: 4,
      invert: true,
      fit: 'cover',
      background: 0,
      maxPixels: 1000,
    } as const;
    const made = model('double', ['n', 'h', 'w', 'c'], { picture: props, classes: ['a'], classOutput: 'y' });
    const found = { datatype: 'FP64', shape: [1, 5, 7, 3], planar: false, std: [4, 4, 4], layout: undefined };
    expect(made.picture).toEqual({ ...props, ...found });
    const manifest = JSON.parse(JSON.stringify(made.manifest()));
    expect(modelManifestSchema.parse(manifest)).toEqual(manifest);
  });

  test.each<[Dim[], 'gray' | 'rgb', object, object]>([
    [['n', 28, 28], 'gray', {}, { shape: [1, 28, 28], width: 28, height: 28 }],
    [[1, 28, 20], 'gray', {}, { shape: [1, 28, 20], width: 20, height: 28 }],
    [[1, 1, 28, 28], 'gray', {}, { shape: [1, 1, 28, 28], planar: true }],
    [[3, 9, 8], 'rgb', {}, { shape: [3, 9, 8], planar: true, width: 8 }],
    [[9, 8, 3], 'rgb', {}, { shape: [9, 8, 3], planar: false, width: 8 }],
    [['n', 'h', 'w', 3], 'rgb', { width: 6, height: 4 }, { shape: [1, 4, 6, 3], planar: false }],
    [['n', 64], 'gray', { width: 8 }, { shape: [1, 64], width: 8, height: 8 }],
    [[36], 'rgb', { height: 3 }, { shape: [36], width: 4, height: 3, planar: false }],
    [['n', 'pixels'], 'gray', { width: 2, height: 3 }, { shape: [1, 6] }],
  ])('the shape %j of %s', (dims, color, size, expected) => {
    expect(model('float', dims, { picture: { color, ...size } }).picture).toMatchObject(expected);
  });

  test.each<[string, Elem, Dim[], any, string]>([
    [
      'another input',
      'float',
      ['n', 3, 8, 8],
      { color: 'rgb', input: 'z' },
      `picture-input-unknown: picture.input is "z", but the model's only input is "x". Use the name of an input, or remove picture.input if there is only one.`,
    ],
    [
      'an input of integers',
      'int64',
      ['n', 3, 8, 8],
      { color: 'rgb' },
      'picture-datatype-unsupported: input "x" is INT64, but pixels can only be FP32, FP64 or UINT8. Export the model with an input of one of these types, followed by a Cast.',
    ],
    [
      'scaled bytes',
      'uint8',
      ['n', 3, 8, 8],
      { color: 'rgb', mean: 0.5, std: 0.5 },
      'picture-bytes-scaled: picture.mean, picture.std would produce fractions, but input "x" is UINT8. Remove them: the model receives levels from 0 to 255.',
    ],
    [
      'a wrong number of channels',
      'float',
      ['n', 3, 8, 8],
      { color: 'gray' },
      'picture-shape-unfit: input "x" of shape [n, 3, 8, 8] does not fit one picture with 1 channel. Set the color and layout that match: NCHW, NHWC, NHW (gray), CHW, HWC or flat, with 1 or a symbol for N.',
    ],
    [
      'another layout',
      'float',
      ['n', 3, 8, 8],
      { color: 'rgb', layout: 'NHWC' },
      'picture-shape-unfit: input "x" of shape [n, 3, 8, 8] does not fit one picture with 3 channels in the layout NHWC. Set the color and layout that match: NCHW, NHWC, NHW (gray), CHW, HWC or flat, with 1 or a symbol for N.',
    ],
    [
      'eight pictures',
      'float',
      [8, 3, 8, 8],
      { color: 'rgb' },
      'picture-shape-unfit: input "x" of shape [8, 3, 8, 8] does not fit one picture with 3 channels. Set the color and layout that match: NCHW, NHWC, NHW (gray), CHW, HWC or flat, with 1 or a symbol for N.',
    ],
    [
      'two layouts that fit',
      'float',
      ['n', 3, 8, 3],
      { color: 'rgb' },
      'picture-layout-ambiguous: input "x" of shape [n, 3, 8, 3] may be NCHW or NHWC. Set picture.layout.',
    ],
    [
      'no size',
      'float',
      ['n', 3, 8, 'w'],
      { color: 'rgb' },
      'picture-size-missing: input "x" of shape [n, 3, 8, w] has no fixed width. Set picture.width to the value that the model was trained with.',
    ],
    [
      'another size',
      'float',
      ['n', 3, 8, 8],
      { color: 'rgb', height: 9 },
      'picture-size-wrong: picture.height is 9, but input "x" of shape [n, 3, 8, 8] has height 8. Remove picture.height: pictures of other sizes are resized.',
    ],
    [
      'a flat input without proportions',
      'float',
      ['n', 64],
      { color: 'gray' },
      'picture-size-missing: input "x" of shape [n, 64] does not determine a picture\'s proportions. Set picture.width and picture.height.',
    ],
    [
      'a size that is not the flat length',
      'float',
      ['n', 64],
      { color: 'gray', width: 8, height: 9 },
      'picture-size-wrong: input "x" has 64 elements, which does not match 8 x 9 pixels with 1 channel. Set picture.width and picture.height to the values that the model was trained with.',
    ],
    [
      'an unknown color',
      'float',
      ['n', 3, 8, 8],
      { color: 'grey' },
      'picture-setting-invalid: picture.color is "grey". Use one of gray, rgb, bgr.',
    ],
    [
      'an unknown setting',
      'float',
      ['n', 3, 8, 8],
      { color: 'rgb', stdev: 1 },
      'picture-setting-invalid: picture.stdev is not a setting. The settings are input, width, height, color, layout, scale, mean, std, invert, fit, background, maxPixels.',
    ],
    [
      'a mean for each of two channels',
      'float',
      ['n', 3, 8, 8],
      { color: 'rgb', mean: [1, 2] },
      'picture-setting-invalid: picture.mean is [1,2]. Use a number, or a list of three numbers.',
    ],
    [
      'a division by zero',
      'float',
      ['n', 3, 8, 8],
      { color: 'rgb', std: [1, 0, 1] },
      'picture-setting-invalid: picture.std is [1,0,1]. Use a number, or a list of three numbers, none of them 0.',
    ],
    [
      'a background that is not a level',
      'float',
      ['n', 3, 8, 8],
      { color: 'rgb', background: 256 },
      'picture-setting-invalid: picture.background is 256. Use a whole number from 0 to 255.',
    ],
  ])('not %s', (_, elem, dims, picture, text) => {
    expect(problem(elem, dims, { picture })).toEqual([text]);
  });

  test('cannot be one of several inputs', () => {
    const inputs = [value('x', 'float', ['n', 3, 8, 8]), value('size', 'float', ['n', 2])];
    const outputs = [value('y', 'float', ['n', 2])];
    writeOnnxModel(path, { inputs, outputs, nodes: [node('Identity', ['size'], ['y'])] });
    expect(problemsOf(() => OnnxModel.fromFile(path, { runtimeCheck: 'skip', picture: { color: 'rgb' } }))).toEqual([
      `picture-input-not-alone: ${path}: a request with a picture provides one input, but the model's inputs are "x", "size". Remove picture and send tensors, or export a model with one input.`,
    ]);
  });

  test('adds the decoder to the image, but not to the images of other models', () => {
    const context = (props: OnnxModelProps) =>
      BuildContext.of({
        model: model('float', ['n', 3, 8, 8], props),
        platform: 'linux/amd64',
        nodePath: '/usr/local/bin/node',
      });
    const plain = context({});
    const paths = plain.files.map((file) => file.path);
    const added = context({ picture: { color: 'rgb' } }).files.filter((file) => !paths.includes(file.path));
    expect(added.map((file) => file.path).sort()).toEqual(
      [
        'THIRD_PARTY_NOTICES.txt',
        'decoder.cjs',
        'mozjpeg_dec.wasm',
        'squoosh_png_bg.wasm',
        'squoosh_resize_bg.wasm',
      ].map((name) => `app/picture-decoder/${name}`),
    );
    const dockerfiles = [plain, context({ picture: { color: 'rgb' } })].map(({ files }) => {
      const source = files.find((file) => file.path === 'Dockerfile')!.source;
      return 'content' in source ? source.content : '';
    });
    expect(dockerfiles[1]).toContain(
      '\nCOPY --chmod=0555 app/picture-decoder/ /app/picture-decoder/\nCOPY --chmod=0555 app/*.cjs ',
    );
    expect(dockerfiles[0]).not.toContain('picture-decoder');
  });
});

describe('classes', () => {
  test('may have a name for each score', () => {
    const { classes } = model('float', ['n', 2], { classes: ['a', 'b'] });
    expect(classes).toEqual({ output: 'y', kind: 'scores', softmax: false, names: ['a', 'b'] });
  });

  test('may be lines of a file, with softmax', () => {
    const file = join(folder, 'classes.txt');
    writeFileSync(file, 'a cat\r\na dog\r\n');
    const { classes } = model('float', [2], { classes: file, classScores: 'softmax' });
    expect(classes).toEqual({ output: 'y', kind: 'scores', softmax: true, names: ['a cat', 'a dog'] });
  });

  test.each<[Elem, Dim[], string]>([
    ['int64', ['n'], 'index'],
    ['int64', ['n', 1], 'index'],
    ['string', ['n'], 'label'],
    ['float', ['n', 'classes'], 'scores'],
  ])('%s %j is %s, and needs no names', (elem, dims, kind) => {
    expect(model(elem, dims, { classOutput: 'y' }).classes).toEqual({ output: 'y', kind, softmax: false });
  });

  test("come from the scores of scikit-learn's two outputs by default", () => {
    const outputs = [value('label', 'int64', ['n']), value('probabilities', 'float', ['n', 2])];
    const nodes = [node('ArgMax', ['x'], ['label']), node('Identity', ['x'], ['probabilities'])];
    writeOnnxModel(path, { inputs: [value('x', 'float', ['n', 2])], outputs, nodes });
    const read = (props: OnnxModelProps) => OnnxModel.fromFile(path, { runtimeCheck: 'skip', ...props }).classes;
    expect(read({ classes: ['a', 'b'] })).toMatchObject({ output: 'probabilities', kind: 'scores' });
    expect(read({ classes: ['a', 'b'], classOutput: 'label' })).toMatchObject({ output: 'label', kind: 'index' });
  });

  test.each<[string, Elem, Dim[], any, string]>([
    [
      'a wrong number of names',
      'float',
      ['n', 10],
      { classes: ['a', 'b'] },
      'classes-count-wrong: classes contains 2 names, but output "y" of shape [n, 10] has 10 scores. List one name per score, in the same order.',
    ],
    [
      'a name twice',
      'float',
      ['n', 2],
      { classes: ['a', 'a'] },
      'classes-invalid: classes 0 and 1 are both called "a". Use a different name for each class.',
    ],
    [
      'an empty name',
      'float',
      ['n', 2],
      { classes: ['a', ''] },
      "classes-invalid: the name of class 1 is empty. Name every class, in the order of the model's output.",
    ],
    [
      'no names',
      'float',
      ['n', 2],
      { classes: [] },
      'classes-invalid: classes contains no names. Set it to a list with the name of each class, or to the path of a file with one name per line.',
    ],
    [
      'another output',
      'float',
      ['n', 2],
      { classOutput: 'z' },
      `class-output-unknown: classOutput is "z", but the model's only output is "y". Use the name of an output.`,
    ],
    [
      'an output of two indices',
      'int64',
      ['n', 2],
      { classOutput: 'y' },
      'class-output-unsuitable: output "y", INT64 of shape [n, 2], cannot represent a class. Set classOutput to an output that contains scores (floats, one per class), one index (integer) or one label (text).',
    ],
    [
      'softmax of a label',
      'string',
      ['n'],
      { classOutput: 'y', classScores: 'softmax' },
      'class-scores-invalid: classScores is softmax, but output "y" is a label, not scores. Remove classScores.',
    ],
    [
      'classScores without classes',
      'float',
      ['n', 2],
      { classScores: 'softmax' },
      'class-scores-invalid: classScores is set, but neither classes nor classOutput is. Set one of them, or remove classScores.',
    ],
  ])('not %s', (_, elem, dims, props, text) => {
    expect(problem(elem, dims, props)).toEqual([text]);
  });

  test('cannot be a missing file', () => {
    expect(problemsOf(() => model('float', ['n', 2], { classes: 'no.txt' }))).toEqual([
      `file-not-found: no.txt: no such file. Relative paths are resolved against the working directory, ${process.cwd()}.`,
    ]);
  });

  test('need classOutput if two outputs contain scores', () => {
    const outputs = [value('a', 'float', ['n', 2]), value('b', 'float', ['n', 2])];
    const nodes = [node('Identity', ['x'], ['a']), node('Identity', ['x'], ['b'])];
    writeOnnxModel(path, { inputs: [value('x', 'float', ['n', 2])], outputs, nodes });
    expect(problemsOf(() => OnnxModel.fromFile(path, { runtimeCheck: 'skip', classes: ['a', 'b'] }))).toEqual([
      `class-output-ambiguous: ${path}: it is unclear which output contains the class: the model's outputs are "a", "b". Set classOutput to one of them.`,
    ]);
  });
});

describe('a file for the command line', () => {
  const file = join(folder, 'm.preprocessing.json');
  const read = (text: string) => {
    writeFileSync(file, text);
    return readPreprocessing(file).preprocessing;
  };

  test('has the same content as the props', () => {
    const declared = { picture: { color: 'gray' }, classes: ['a'], classOutput: 'y', classScores: 'softmax' };
    expect(read(JSON.stringify(declared))).toEqual(declared);
    expect(read('{}')).toEqual({});
  });

  test.each([
    ['[]', 'it must be a JSON object, and its value for picture must also be an object'],
    ['{"picture": true}', 'it must be a JSON object, and its value for picture must also be an object'],
    ['{"name": "x"}', 'unknown key name; the known keys are picture, classes, classOutput, classScores'],
  ])('not %s', (text, reason) => {
    expect(problemsOf(() => read(text))).toEqual([
      `preprocessing-invalid: ${file}: this file is not a valid preprocessing declaration: ${reason}. See the example in docs/preprocessing.md.`,
    ]);
  });

  test('must be complete', () => {
    expect(problemsOf(() => read('{'))).toEqual([expect.stringMatching(/^preprocessing-invalid: .*JSON/)]);
  });
});
