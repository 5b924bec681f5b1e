import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/root';
import { DATATYPES } from '../../inference-image/src/contract/constants';
import { clientPrefix, commentText, isIdentifier, stringLiteral } from '../../lib/client/client-types';
import { RUNTIME_FILES, runtimeText } from '../../lib/client/runtime-text';
import { NUMERIC_ARRAYS, type Datatype } from '../../lib/client/runtime/tensors';

test('a client contains every source of the runtime', () => {
  const folder = join(ROOT, 'lib/client/runtime');
  expect([...RUNTIME_FILES].sort()).toEqual(readdirSync(folder).sort());
});

const NEITHER = { pictures: false, classes: false };

test('a client exports only the names for its users', () => {
  const exported = (text: string) => [...text.matchAll(/^export \w+ (\w+)/gm)].map(([, name]) => name);
  expect(exported(runtimeText(NEITHER))).toMatchInlineSnapshot(`
   [
     "AnsweredElements",
     "SentElements",
     "Datatype",
     "InputTensor",
     "OutputTensor",
     "ClientOptions",
     "CallOptions",
     "Fetch",
     "InferenceErrorCode",
     "InferenceErrorDetails",
     "InferenceError",
     "ModelMetadata",
     "TensorMetadata",
   ]
  `);
  const whole = runtimeText({ pictures: true, classes: true });
  expect(exported(whole)).toEqual([...exported(runtimeText(NEITHER)), 'Picture']);
  expect(whole).not.toMatch(/^import/m);
});

test('a client contains no code for pictures and classes that its model does not declare', () => {
  expect(runtimeText(NEITHER)).not.toMatch(/picture|class(?:ify|es)/i);
  expect(runtimeText({ pictures: true, classes: false })).not.toMatch(/class(?:ify|es)/i);
  expect(runtimeText({ pictures: false, classes: true })).not.toMatch(/picture/i);
});

test('a client has the datatypes of the server', () => {
  const datatypes: Datatype[] = [...DATATYPES];
  expect([...Object.keys(NUMERIC_ARRAYS), 'BOOL', 'BYTES'].sort()).toEqual(datatypes.sort());
});

test.each([
  ['digits', 'Digits'],
  ['digits-v2', 'DigitsV2'],
  ['my_model.v1.2', 'MyModelV12'],
  ['3d', 'Model3d'],
  ['BERT', 'BERT'],
])('the client of %s starts with %s', (name, prefix) => {
  expect(clientPrefix(name)).toBe(prefix);
});

test.each(["it's", '"', '\'"', '\\', '\\"', "\\'", '\n\u2028\u0000', '\ud800', '`${x}`', ''])(
  '%j is written as a literal',
  (text) => {
    const literal = stringLiteral(text);
    expect(new Function(`return ${literal}`)()).toBe(text);
    expect(literal).not.toContain('\n');
  },
);

test('valid identifiers are detected, and no text can end a comment', () => {
  expect(['a', '_', '$1', 'línea', 'new'].map(isIdentifier)).toEqual([true, true, true, true, true]);
  expect(['', '1a', 'a-b', 'a b', '*/'].map(isIdentifier)).toEqual([false, false, false, false, false]);
  expect(commentText('a\n*/\u2028b')).toBe('a * / b');
});
