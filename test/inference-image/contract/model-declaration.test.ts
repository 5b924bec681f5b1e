import {
  declarationDifferences,
  declarationText,
  type ModelDeclaration,
} from '../../../inference-image/src/contract/model-declaration';
import { PICTURE } from '../../support/picture-input';

const file = (path: string, sha256: string) => ({ path, sha256, sizeBytes: 1 });
const declared: ModelDeclaration = {
  name: 'm',
  version: '1',
  classes: { output: 'y', kind: 'scores', softmax: true, names: ['a', 'b'] },
  files: [file('model.onnx', 'a'), file('golden.json', 'b'), file('x.bin', 'c')],
};
const bare: ModelDeclaration = { name: 'm', version: '1', files: [file('model.onnx', 'a')] };

test('has the form of a setting', () => {
  expect(declarationText(bare)).toBe('name:m,version:1,golden:none,image:none,classes:none');
  expect(declarationText({ ...declared, image: PICTURE })).toMatch(
    /^name:m,version:1,golden:[0-9a-f]{16},image:[0-9a-f]{16},classes:[0-9a-f]{16}$/,
  );
});

test('is the same for equal declarations, whatever the order of their fields', () => {
  const { name, version, files } = declared;
  const classes = { names: ['a', 'b'], softmax: true, kind: 'scores' as const, output: 'y' };
  const same = { files, image: undefined, classes, version, name };
  expect(declarationText(same)).toBe(declarationText(declared));
  expect(declarationDifferences(declarationText(declared), same)).toEqual([]);
  // Weights are not part of the declaration; they have their own digest.
  const others = { ...declared, files: [file('model.onnx', 'd'), ...files.slice(1)] };
  expect(declarationText(others)).toBe(declarationText(declared));
});

const named = (...names: string[]) => ({ classes: { ...declared.classes!, names } });
const golden = (json: string, elements: string) => ({
  files: [file('model.onnx', 'a'), file('golden.json', json), file('x.bin', elements)],
});

test.each<[string, Partial<ModelDeclaration>, string[]]>([
  ['a name', { name: 'n' }, ['name "m", not "n"']],
  ['a version', { version: '2' }, ['version "1", not "2"']],
  ['names of classes', named('b', 'a'), ['different classes']],
  ['no classes', { classes: undefined }, ['classes, which the image lacks']],
  ['golden examples', golden('d', 'c'), ['different golden examples']],
  ['elements of golden examples', golden('b', 'd'), ['different golden examples']],
  ['no golden examples', { files: [file('model.onnx', 'a')] }, ['golden examples, which the image lacks']],
  ['numbers of pixels', { image: { ...PICTURE, mean: [0.5, 0, 0] } }, ['different pictures']],
  ['no pictures', { image: undefined }, ['pictures, which the image lacks']],
  [
    'no pictures and other class names',
    { ...named('b', 'a'), image: undefined },
    ['pictures, which the image lacks', 'different classes'],
  ],
])('names the difference of an image: %s', (_, change, differences) => {
  const expected = declarationText({ ...declared, image: PICTURE });
  expect(declarationDifferences(expected, { ...declared, image: PICTURE, ...change })).toEqual(differences);
});

test('names what an image has but the deployment does not expect', () => {
  expect(declarationDifferences(declarationText(bare), { ...declared, image: PICTURE })).toEqual([
    'golden examples, which the deployment does not expect',
    'pictures, which the deployment does not expect',
    'classes, which the deployment does not expect',
  ]);
});
