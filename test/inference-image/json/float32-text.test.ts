import * as fc from 'fast-check';
import { shortFloat32 } from '../../../inference-image/src/json/number-text';

const float32 = fc.float({ noNaN: true, noDefaultInfinity: true });

test('the text makes the round trip to the same 32-bit float', () => {
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

test('nine digits are enough for every magnitude', () => {
  fc.assert(
    fc.property(float32, (value) => {
      const digits = String(shortFloat32(value)).replace(/e.*$/, '').replace(/\D/g, '').replace(/^0+/, '');
      const isWhole = Number.isInteger(value) && Math.abs(value) < 1e21;
      const hasFewBinaryPlaces = Math.abs(value) >= 1e6;
      expect(digits.length).toBeLessThanOrEqual(isWhole || hasFewBinaryPlaces ? 21 : 9);
    }),
    { numRuns: 20_000 },
  );
});

test.each([
  [1e-7, '1e-7'],
  [-2.5e-8, '-2.5e-8'],
  [1.1e-14, '1.1e-14'],
  [1.2345678e-12, '1.2345678e-12'],
  [9.9e-15, '9.9e-15'],
  [3e-7, '3e-7'],
  [1e-38, '1e-38'],
  [1e-45, '1e-45'],
  [3.4028234663852886e38, '3.4028235e+38'],
  [0.1, '0.1'],
  [-1.1, '-1.1'],
  [123456.78, '123456.78'],
  [1 / 3, '0.33333334'],
  [16777216, '16777216'],
  [0, '0'],
])('%d is written %s', (value, text) => {
  expect(String(shortFloat32(Math.fround(value)))).toBe(text);
});
