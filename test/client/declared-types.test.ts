import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../support/temporary-folder';
import { compileSnippets } from './compiler';
import { clientOf, DECLARED } from './signatures';

const folder = temporaryFolder();

beforeAll(() => {
  for (const [name, [signature, declared]] of Object.entries(DECLARED)) {
    writeFileSync(join(folder, `${name}-client.ts`), clientOf(name, signature, declared));
  }
});

const PROLOGUE = `
import { PicturesClient, type Picture, type PicturesClassification, type PicturesInputs } from './pictures-client';
import { PlainClient } from './plain-client';
import { OnlyPicturesClient } from './only-pictures-client';
import { OnlyClassesClient, type OnlyClassesClassName } from './only-classes-client';
import { NoNamesClient } from './no-names-client';
import { IndexClient } from './index-client';
import { LabelClient } from './label-client';
import { LabelWithoutNamesClient } from './label-without-names-client';
import { HundredNamesOfCountriesClient } from './hundred-names-of-countries-client';
import { MoreNamesClient } from './more-names-client';
declare const plain: PlainClient, both: PicturesClient, onlyPictures: OnlyPicturesClient, onlyClasses: OnlyClassesClient;
declare const noNames: NoNamesClient, index: IndexClient, label: LabelClient, bareLabel: LabelWithoutNamesClient;
declare const hundred: HundredNamesOfCountriesClient, more: MoreNamesClient;
declare const bytes: Uint8Array, buffer: ArrayBuffer, blob: Blob, file: File, n: number;
declare const pixels: PicturesInputs['pixels'];
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Numeral = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9';
`;

const RIGHT = [
  `for (const picture of [bytes, buffer, blob, file]) await both.classify(picture, { deadline: 100, retries: 0 });`,
  `await both.classify({ pixels }); await both.classify({ pixels: { shape: [n, 64], data: [1, 2, 3] } });`,
  `const answer = await both.classify(bytes);
   const name: Equal<typeof answer.class, Numeral> = true;
   const numbers: Equal<[typeof answer.index, typeof answer.score], [number, number]> = true;
   const best: Equal<(typeof answer.classes)[0]['class'], Numeral> = true;
   const texts: Equal<[typeof answer.modelName, typeof answer.modelVersion], [string, string]> = true;
   void [name, numbers, best, texts, answer.classes[0].score, answer.classes[1]?.score];`,
  `const given: Picture | PicturesInputs = n > 1 ? { pixels } : blob;
   const answer: PicturesClassification = await both.classify(given); void answer;`,
  `const { label } = await both.infer(bytes, { outputs: ['label'] }); const ids: BigInt64Array = label.data; void ids;`,
  `const { probabilities } = await onlyPictures.infer(blob); const shape: readonly [number, 10] = probabilities.shape;
   void [shape, await onlyPictures.infer({ pixels })];`,
  `const answer = await onlyClasses.classify({ pixels }); const name: OnlyClassesClassName = answer.class;
   const names: Equal<OnlyClassesClassName, Numeral> = true; void [name, names];`,
  `const answer = await noNames.classify({ pixels }); const name: Equal<typeof answer.class, string> = true;
   void [name, answer.score.toFixed(2)];`,
  `const answer = await index.classify({ pixels }); const name: Equal<typeof answer.class, Numeral> = true;
   void [name, answer.index.toFixed()];`,
  `const answer = await label.classify({ pixels }); const name: Equal<typeof answer.class, string> = true;
   void [name, answer.index?.toFixed()];`,
  `const answer = await bareLabel.classify({ pixels }); const name: Equal<typeof answer.class, string> = true; void name;`,
  `const { class: name } = await hundred.classify({ pixels }); void (name === 'Country 99');`,
  `const answer = await more.classify({ pixels }); const name: Equal<typeof answer.class, string> = true;
   void [name, answer.index, answer.score];`,
  `const { properties } = await both.metadata(); const text: string | undefined = properties?.['licenses']; void text;`,
];

/** Snippets of invalid code, with a part of the compiler's message for each. */
const WRONG: readonly (readonly [snippet: string, error: string])[] = [
  [`plain.classify({ pixels });`, "Property 'classify' does not exist on type 'PlainClient'"],
  [`onlyPictures.classify(bytes);`, "Property 'classify' does not exist on type 'OnlyPicturesClient'"],
  [
    `onlyClasses.classify(bytes);`,
    "missing in type 'Uint8Array<ArrayBufferLike>' but required in type 'OnlyClassesInputs'",
  ],
  [`onlyClasses.classify(blob);`, "missing in type 'Blob' but required in type 'OnlyClassesInputs'"],
  [`onlyClasses.infer(buffer);`, "missing in type 'ArrayBuffer' but required in type 'OnlyClassesInputs'"],
  [`both.classify('7.png');`, "'string' is not assignable to parameter of type 'PicturesInputs | Picture'"],
  [
    `both.classify(new Float32Array(64));`,
    "'Float32Array<ArrayBuffer>' is not assignable to parameter of type 'PicturesInputs | Picture'",
  ],
  [`both.classify([137, 80, 78, 71]);`, "'number[]' is not assignable to parameter of type 'PicturesInputs | Picture'"],
  [`both.classify({});`, "'{}' is not assignable to parameter of type 'PicturesInputs | Picture'"],
  [
    `both.classify({ pixel: { shape: [1, 64], data: new Float32Array(64) } });`,
    "'pixel' does not exist in type 'PicturesInputs | Picture'",
  ],
  [`both.classify({ pixels: { shape: [1, 65], data: new Float32Array(64) } });`, "'65' is not assignable to type '64'"],
  [
    `both.classify({ pixels: { shape: [1, 64], data: new Float64Array(64) } });`,
    "'Float64Array<ArrayBuffer>' is not assignable",
  ],
  [
    `both.infer({ pixels: { shape: [64], data: new Float32Array(64) } });`,
    'Source has 1 element(s) but target requires 2',
  ],
  [`both.classify(bytes, { outputs: ['label'] });`, "'outputs' does not exist in type 'CallOptions'"],
  [`void ((await both.classify(bytes)).class === '10');`, 'have no overlap'],
  [`void ((await hundred.classify({ pixels })).class === 'Country 100');`, 'have no overlap'],
  [`void (await both.classify(bytes)).model_name;`, "Property 'model_name' does not exist"],
  [`void (await index.classify({ pixels })).score;`, "Property 'score' does not exist on type 'IndexClassification'"],
  [`void (await label.classify({ pixels })).index.toFixed();`, "Object is possibly 'undefined'"],
  [`void (await label.classify({ pixels })).score;`, "Property 'score' does not exist on type 'LabelClassification'"],
  [
    `void (await bareLabel.classify({ pixels })).index;`,
    "Property 'index' does not exist on type 'LabelWithoutNamesClassification'",
  ],
];

test('code that matches the declaration compiles, and other code causes a specific error', () => {
  const snippets = [...RIGHT, ...WRONG.map(([snippet]) => snippet)];
  const found = compileSnippets(join(folder, 'usage.ts'), PROLOGUE, snippets);
  expect(found.splice(0, RIGHT.length)).toEqual(RIGHT.map(() => []));
  expect(WRONG.map(([snippet], i) => ({ snippet, errors: found[i] }))).toEqual(
    WRONG.map(([snippet, error]) => ({ snippet, errors: [expect.stringContaining(error)] })),
  );
});
