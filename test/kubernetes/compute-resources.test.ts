import * as fc from 'fast-check';
import { decimalQuantity, memoryQuantity } from '../../lib/kubernetes/compute-resources';

test.each([
  [1, '1'],
  [2, '2'],
  [0.5, '500m'],
  [1.5, '1500m'],
  [0.001, '1m'],
  [0.0015, '2m'],
  [1.1, '1100m'],
  [0.29, '290m'],
  [1000, '1k'],
  [1500, '1500'],
  [2_000_000, '2M'],
  [5e12, '5T'],
])('T7 %d is %s', (value, quantity) => {
  expect(decimalQuantity(value)).toBe(quantity);
});

test.each([
  [514, '514Mi'],
  [1024, '1Gi'],
  [1536, '1536Mi'],
  [2048, '2Gi'],
  [1024 * 1024, '1Ti'],
  [1024 * 1024 * 1024, '1024Ti'],
])('T7 %d MiB is %s', (mebibytes, quantity) => {
  expect(memoryQuantity(mebibytes)).toBe(quantity);
});

const UNITS = { m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, Mi: 1, Gi: 1024, Ti: 1024 ** 2 };

/** Reads the number and the unit of a quantity in the form in which Kubernetes prints it. */
function parse(quantity: string): { amount: number; unit: keyof typeof UNITS; value: number } {
  const [, amount, unit] = /^([1-9][0-9]*)([A-Za-z]*)$/.exec(quantity)!;
  return { amount: Number(amount), unit: unit as keyof typeof UNITS, value: Number(amount) * UNITS[unit as 'm'] };
}

test('T7 1000m and 1 have the same form: an integer in the largest possible unit', () => {
  expect(decimalQuantity(1000 / 1000)).toBe('1');
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), (thousandths) => {
      const { amount, unit, value } = parse(decimalQuantity(thousandths / 1000));
      expect(value).toBeCloseTo(thousandths / 1000, 6);
      expect(amount % 1000 === 0 && unit !== 'P').toBe(false);
    }),
  );
});

test('T7 less than a thousandth is rounded up, never to 0', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1000, noNaN: true }), (value) => {
      const { value: written } = parse(decimalQuantity(value));
      expect(written - value).toBeGreaterThan(-1e-8);
      expect(written - value).toBeLessThan(0.001 + 1e-8);
    }),
  );
});

test('T7 memory never has the unit m', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 30 }), (mebibytes) => {
      const { amount, unit, value } = parse(memoryQuantity(mebibytes));
      expect(value).toBe(mebibytes);
      expect(amount % 1024 === 0 && unit !== 'Ti').toBe(false);
    }),
  );
});
