import { halfBits, halfValue } from '../../../inference-image/src/contract/half';

test('every 16-bit number makes the round trip', () => {
  for (let bits = 0; bits < 2 ** 16; bits++) {
    const value = halfValue(bits);
    if (Number.isNaN(value)) expect(halfValue(halfBits(value))).toBeNaN();
    else if (halfBits(value) !== bits && !(value === 0 && bits === 0x8000)) throw new Error(`${bits} is ${value}`);
  }
});

test.each([
  [1 + 1 / 4096, 1],
  [2047 / 1024 + 0.0009, 2],
  [65_519, 65_504],
  [65_520, Infinity],
  [-1e9, -Infinity],
])('%d becomes %d', (value, expected) => {
  expect(halfValue(halfBits(value))).toBe(expected);
});
