import * as fc from 'fast-check';
import { shortFloat32 } from '../../../inference-image/src/protocol/float32-text';

const float32 = fc.float({ noNaN: true, noDefaultInfinity: true });

test('the text gives back the same 32-bit float', () => {
  fc.assert(
    fc.property(float32, (value) => {
      expect(Math.fround(Number(JSON.stringify(shortFloat32(value))))).toBe(value === 0 ? 0 : value);
    }),
    { numRuns: 20_000 },
  );
});

test('the text is never longer', () => {
  fc.assert(
    fc.property(float32, (value) => String(shortFloat32(value)).length <= String(value).length),
    { numRuns: 5_000 },
  );
});

test.each([
  [0.1, '0.1'],
  [-1.1, '-1.1'],
  [123456.78, '123456.78'],
  [1 / 3, '0.33333334'],
  [16777216, '16777216'],
  [0, '0'],
])('%d is written %s', (value, text) => {
  expect(String(shortFloat32(Math.fround(value)))).toBe(text);
});
