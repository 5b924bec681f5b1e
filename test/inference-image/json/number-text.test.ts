import * as fc from 'fast-check';
import { float32Text, integerText, longIntegerText, shortFloat32 } from '../../../inference-image/src/json/number-text';

/** Expected text of an array, written element by element. */
function plainText(data: Float32Array): string {
  const texts = Array.from(data, (value) => {
    if (Object.is(value, -0)) return '-0';
    return Number.isFinite(value) ? JSON.stringify(shortFloat32(value)) : `"${value}"`;
  });
  return `[${texts.join(',')}]`;
}

const bits = fc.integer({ min: 0, max: 0xffff_ffff }).map((each) => new Float32Array(Uint32Array.of(each).buffer)[0]!);
const decimal = fc
  .tuple(fc.integer({ min: -999_999_999, max: 999_999_999 }), fc.integer({ min: 0, max: 14 }))
  .map(([digits, places]) => Math.fround(digits / 10 ** places));

test('32-bit floats are written like shortFloat32 and make the round trip bit for bit', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(bits, decimal, fc.float()), { maxLength: 50 }), (values) => {
      const data = Float32Array.from(values);
      const text = float32Text(data);
      expect(text).toBe(plainText(data));
      const read = Float32Array.from(JSON.parse(text.replace(/-0(?=[,\]])/g, '"-0"')), Number);
      expect(read).toEqual(data);
    }),
    { numRuns: 5000 },
  );
});

test.each([
  [0, '0'],
  [-0, '-0'],
  [1, '1'],
  [-7, '-7'],
  [0.1, '0.1'],
  [-0.0625, '-0.0625'],
  [0.001, '0.001'],
  [2 ** -14, '0.0000610351563'],
  [1 / 3, '0.33333334'],
  [1e-45, '1e-45'],
  [3e-7, '3e-7'],
  [9.999999, '9.999999'],
  [999999.94, '999999.94'],
  [2 ** 31, '2147483648'],
  [-(2 ** 31), '-2147483648'],
  [3.4028234663852886e38, '3.4028235e+38'],
  [NaN, '"NaN"'],
  [-Infinity, '"-Infinity"'],
])('%d is written %s', (value, text) => {
  expect(float32Text(Float32Array.of(value))).toBe(`[${text}]`);
});

test('arrays of integers of any length are written exactly', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer(), fc.nat({ max: 0xffff_ffff }), fc.nat({ max: 12 }))), (values) => {
      expect(integerText(values)).toBe(JSON.stringify(values));
    }),
  );
  const many = Float32Array.from({ length: 5000 }, (_, i) => i / 7);
  expect(float32Text(many)).toBe(plainText(many));
  expect(integerText([])).toBe('[]');
});

test('64-bit integers are exact', () => {
  const edges = [0n, -1n, 2n ** 32n, -(2n ** 32n), 2n ** 53n - 1n, 1n - 2n ** 53n];
  const bigint = fc.oneof(
    fc.constantFrom(...edges),
    fc.integer().map(BigInt),
    fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }),
  );
  fc.assert(
    fc.property(fc.array(bigint, { maxLength: 5 }), (values) => {
      for (const data of [BigInt64Array.from(values), BigUint64Array.from(values)]) {
        expect(longIntegerText(data)).toBe(`[${data.join(',')}]`);
      }
    }),
    { numRuns: 2000 },
  );
});

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
