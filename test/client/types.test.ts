import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../support/root';
import type { Signature } from '../../inference-image/src/contract/signature';
import type { Preprocessing } from '../../lib/preprocessing/preprocessing-file';
import { temporaryFolder } from '../support/temporary-folder';
import { compile, compileSnippets, NODE, texts } from './compiler';
import { clientOf, DECLARED, DIGITS, EVERY_DATATYPE, ODD_NAMES, PICTURES } from './signatures';

const folder = temporaryFolder();
const inFolder = (file: string) => join(folder, file);

const MODELS: Readonly<Record<string, readonly [Signature, Preprocessing?]>> = {
  digits: [DIGITS],
  'every-datatype': [EVERY_DATATYPE],
  'odd-names': [ODD_NAMES],
  pictures: DECLARED.pictures!,
  label: DECLARED.label!,
  'hundred-names-of-countries': DECLARED['hundred-names-of-countries']!,
};
const clientFile = (name: string) => inFolder(`${name}-client.ts`);
const CLIENTS = Object.keys(MODELS).map(clientFile);

beforeAll(() => {
  for (const [name, [signature, declared]] of Object.entries(MODELS)) {
    writeFileSync(clientFile(name), clientOf(name, signature, declared));
  }
});

const PROLOGUE = `
import { DigitsClient, InferenceError, type DigitsInputs, type DigitsOutputs } from './digits-client';
import { EveryDatatypeClient, type EveryDatatypeInputs, type EveryDatatypeOutputs } from './every-datatype-client';
import { OddNamesClient } from './odd-names-client';
declare const digits: DigitsClient, every: EveryDatatypeClient, odd: OddNamesClient, error: unknown;
declare const pixels: DigitsInputs['pixels'], all: EveryDatatypeInputs, answer: EveryDatatypeOutputs, n: number;
declare const numerals: DigitsOutputs;
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
`;

const RIGHT = [
  `const { label, probabilities } = await digits.infer({ pixels: { shape: [2, 64], data: new Float32Array(128) } });
   const data: BigInt64Array = label.data;
   const shape: readonly [number, 10] = probabilities.shape;
   const size: Equal<typeof probabilities.shape, readonly [batch: number, 10]> = true;
   void [data, shape, size];`,
  `await digits.infer({ pixels: { shape: [n, 64], data: [1, 2, 3] } });`,
  `const shape = [1, 64] as const; await digits.infer({ pixels: { shape, data: [] } });`,
  `const { label } = await digits.infer({ pixels }, { outputs: ['label'], deadline: 100, retries: 0 }); void label.data;`,
  `const result = await digits.infer({ pixels }, { outputs: ['label'] });
   const narrowed: Equal<typeof result, Pick<DigitsOutputs, 'label'>> = true; void narrowed;`,
  `const both: DigitsOutputs = await digits.infer({ pixels }, { outputs: ['probabilities', 'label'] }); void both;`,
  `await digits.infer({ pixels }, { outputs: undefined, signal: undefined, headers: undefined });`,
  `new DigitsClient({ url: 'http://x', version: '2', protocol: 'json', retries: 1, deadline: 10, fetch });`,
  `new DigitsClient({ url: 'http://x', fetch: async () => new Response(), headers: { authorization: 'x' } });`,
  `const isReady: boolean = await digits.ready(); const { versions } = await digits.metadata(); void [isReady, versions];`,
  `if (error instanceof InferenceError && error.code === 'deadline') void [error.status, error.attempts, error.cause];`,
  `const texts: string[] = answer.out_BYTES.data; const flags: boolean[] = answer.out_BOOL.data; void [texts, flags];`,
  `const bits: Uint16Array = answer.out_FP16.data; const long: BigUint64Array = answer.out_UINT64.data; void [bits, long];`,
  `await every.infer({ ...all, in_INT64: { shape: [1], data: [1n] }, in_FP64: { shape: [1], data: [0.1] } });`,
  `await every.infer({ ...all, in_UINT8: { shape: [1], data: [1] }, in_BOOL: { shape: [1], data: [true] } });`,
  `const given = await odd.infer({
     scalar: { shape: [], data: [1] }, 'input:0': { shape: [n, 2], data: [1, 2] },
     '0': { shape: [1, 1, 1, 1, 1, 1, 1], data: [1] }, "it's": { shape: [n, n], data: [] },
     'say "it\\'s"': { shape: [1, 1, 1], data: [1] }, 'a\\\\b\\n*/': { shape: [0], data: [] },
     ['__proto__']: { shape: [1], data: [1] }, constructor: { shape: [1], data: [1] },
   }); void [given.__proto__, given.even_longer.shape];`,
];

/** Snippets of invalid code, with a part of the compiler's message for each. */
const WRONG: Readonly<Record<string, readonly (readonly [snippet: string, error: string])[]>> = {
  'the name of an input': [
    [`digits.infer({ pixel: { shape: [1, 64], data: new Float32Array(64) } });`, "'pixel' does not exist"],
    [`digits.infer({});`, "'pixels' is missing"],
    [`digits.infer({ pixels, more: pixels });`, "'more' does not exist"],
    [`odd.infer({ scalar: { shape: [], data: [1] } });`, 'is missing the following properties'],
  ],
  'the number of dimensions': [
    [
      `digits.infer({ pixels: { shape: [64], data: new Float32Array(64) } });`,
      'Source has 1 element(s) but target requires 2',
    ],
    [
      `digits.infer({ pixels: { shape: [1, 64, 1], data: new Float32Array(64) } });`,
      'Source has 3 element(s) but target allows only 2',
    ],
    [
      `digits.infer({ pixels: { shape: [], data: new Float32Array(64) } });`,
      'Source has 0 element(s) but target requires 2',
    ],
  ],
  'a fixed size': [
    [
      `digits.infer({ pixels: { shape: [1, 65], data: new Float32Array(65) } });`,
      "'65' is not assignable to type '64'",
    ],
    [
      `digits.infer({ pixels: { shape: [1, n], data: new Float32Array(64) } });`,
      "'number' is not assignable to type '64'",
    ],
    [`const shape: number[] = [1, 64]; digits.infer({ pixels: { shape, data: [] } });`, "'number[]' is not assignable"],
    [
      `const shape: readonly [number, 11] = numerals.probabilities.shape; void shape;`,
      "'10' is not assignable to type '11'",
    ],
  ],
  'an invalid shape': [
    [
      `digits.infer({ pixels: { shape: ['1', 64], data: new Float32Array(64) } });`,
      "'string' is not assignable to type 'number'",
    ],
    [`digits.infer({ pixels: { data: new Float32Array(64) } });`, "Property 'shape' is missing"],
    [`digits.infer({ pixels: { shape: [1, 64] } });`, "Property 'data' is missing"],
    [`digits.infer({ pixels: new Float32Array(64) });`, 'is missing the following properties'],
  ],
  'the datatype': [
    [
      `digits.infer({ pixels: { shape: [1, 64], data: new Float64Array(64) } });`,
      "'Float64Array<ArrayBuffer>' is not assignable",
    ],
    [
      `digits.infer({ pixels: { shape: [1, 64], data: new Uint8Array(64) } });`,
      "'Uint8Array<ArrayBuffer>' is not assignable",
    ],
    [`digits.infer({ pixels: { shape: [1, 64], data: ['1'] } });`, "'string' is not assignable to type 'number'"],
    [`digits.infer({ pixels: { shape: [1, 64], data: [1n] } });`, "'bigint' is not assignable to type 'number'"],
    [
      `digits.infer({ pixels: { shape: [1, 64], data: [[1, 2]] } });`,
      "'[number, number]' is not assignable to type 'number'",
    ],
    [`every.infer({ ...all, in_INT64: { shape: [1], data: [1] } });`, "'number' is not assignable to type 'bigint'"],
    [
      `every.infer({ ...all, in_INT64: { shape: [1], data: new BigUint64Array(1) } });`,
      "'BigUint64Array<ArrayBuffer>' is not assignable",
    ],
    [
      `every.infer({ ...all, in_UINT8: { shape: [1], data: new Int8Array(1) } });`,
      "'Int8Array<ArrayBuffer>' is not assignable",
    ],
    [
      `every.infer({ ...all, in_UINT8: { shape: [1], data: new Uint8ClampedArray(1) } });`,
      "'Uint8ClampedArray<ArrayBuffer>' is not assignable",
    ],
    [`every.infer({ ...all, in_BOOL: { shape: [1], data: [1] } });`, "'number' is not assignable to type 'boolean'"],
    [`every.infer({ ...all, in_BOOL: { shape: [1], data: new Uint8Array(1) } });`, "from type 'readonly boolean[]'"],
    [`every.infer({ ...all, in_FP16: { shape: [1], data: [1] } });`, "from type 'Uint16Array"],
    [
      `every.infer({ ...all, in_FP16: { shape: [1], data: new Float32Array(1) } });`,
      "'Float32Array<ArrayBuffer>' is not assignable",
    ],
    [`every.infer({ ...all, in_BYTES: { shape: [1], data: new Uint8Array(1) } });`, "from type 'readonly string[]'"],
    [
      `const label: Float32Array = answer.out_FP64.data; void label;`,
      "'Float64Array<ArrayBufferLike>' is not assignable",
    ],
    [
      `const label: number | undefined = answer.out_INT64.data[0]; void label;`,
      "'bigint' is not assignable to type 'number'",
    ],
  ],
  'the name of an output': [
    [`digits.infer({ pixels }, { outputs: ['labels'] });`, `'"labels"' is not assignable`],
    [`digits.infer({ pixels }, { outputs: [] });`, 'Source has 0 element(s) but target requires 1'],
    [`void (await digits.infer({ pixels })).scores;`, "'scores' does not exist"],
    [`void (await digits.infer({ pixels }, { outputs: ['label'] })).probabilities;`, "'probabilities' does not exist"],
  ],
  options: [
    [`new DigitsClient({});`, "'url' is missing"],
    [`new DigitsClient({ url: 'http://x', protocol: 'grpc' });`, `'"grpc"' is not assignable`],
    [`new DigitsClient({ url: 'http://x', timeout: 3 });`, "'timeout' does not exist"],
    [`digits.infer({ pixels }, { deadline: '1s' });`, "'string' is not assignable to type 'number'"],
    [`digits.infer({ pixels }, { protocol: 'json' });`, "'protocol' does not exist"],
    [`if (error instanceof InferenceError && error.code === 'timeout') void error;`, 'have no overlap'],
  ],
};

test('code that matches the model compiles, and other code causes a specific error', () => {
  const wrong = Object.values(WRONG).flat();
  const found = compileSnippets(inFolder('usage.ts'), PROLOGUE, [...RIGHT, ...wrong.map(([snippet]) => snippet)]);
  expect(found.splice(0, RIGHT.length)).toEqual(RIGHT.map(() => []));
  wrong.forEach(([snippet, error], i) => {
    expect({ snippet, errors: found[i] }).toEqual({ snippet, errors: [expect.stringContaining(error)] });
  });
});

test("clients and the code in docs/client.md compile with Node's types and without the DOM", () => {
  const page = readFileSync(join(ROOT, 'docs/client.md'), 'utf8');
  const snippets = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!);
  expect(snippets).toHaveLength(4);
  mkdirSync(inFolder('page'));
  writeFileSync(inFolder('page/digits-client.ts'), clientOf('digits', DIGITS, PICTURES));
  const files = snippets.map((code, i) => {
    const file = inFolder(`page/snippet-${i}.ts`);
    writeFileSync(file, code);
    return file;
  });
  expect(texts(compile(NODE, ...CLIENTS, ...files))).toEqual([]);
});

test('a client is formatted', () => {
  const config = join(ROOT, '.prettierrc.json');
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [join(dirname(require.resolve('prettier/package.json')), 'bin/prettier.cjs'), '--config', config, '-l', ...CLIENTS],
    { encoding: 'utf8', cwd: folder },
  );
  expect(stdout + stderr).toBe('');
});
