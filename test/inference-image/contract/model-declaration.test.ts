import { declarationDigest, type ModelDeclaration } from '../../../inference-image/src/contract/model-declaration';
import { IMAGE } from '../../support/image-input';

const file = (path: string, sha256: string) => ({ path, sha256, sizeBytes: 1 });
const declared: ModelDeclaration = {
  name: 'm',
  version: '1',
  classes: { output: 'y', kind: 'scores', softmax: true, names: ['a', 'b'] },
  files: [file('model.onnx', 'a'), file('golden.json', 'b'), file('x.bin', 'c')],
};
const digest = declarationDigest(declared);

test('is the same for the same, in whatever order it is written', () => {
  const { name, version, files } = declared;
  const classes = { names: ['a', 'b'], softmax: true, kind: 'scores' as const, output: 'y' };
  expect(declarationDigest({ files, image: undefined, classes, version, name })).toBe(digest);
  // Weights have a digest of their own.
  expect(declarationDigest({ ...declared, files: [file('model.onnx', 'd'), ...files.slice(1)] })).toBe(digest);
});

test.each<[string, Partial<ModelDeclaration>]>([
  ['name', { name: 'n' }],
  ['version', { version: '2' }],
  ['classes', { classes: undefined }],
  ['names of classes', { classes: { ...declared.classes!, names: ['b', 'a'] } }],
  ['golden examples', { files: [file('model.onnx', 'a'), file('golden.json', 'd'), file('x.bin', 'c')] }],
  ['elements of golden examples', { files: [file('model.onnx', 'a'), file('golden.json', 'b'), file('x.bin', 'd')] }],
  ['no golden examples', { files: [file('model.onnx', 'a')] }],
  ['pictures', { image: IMAGE }],
])('is another for another: %s', (_, change) => {
  expect(declarationDigest({ ...declared, ...change })).not.toBe(digest);
});

test('and for pictures that become other elements', () => {
  const taking = (mean: number) => declarationDigest({ ...declared, image: { ...IMAGE, mean: [mean, 0, 0] } });
  expect(taking(0.5)).not.toBe(taking(0));
});
