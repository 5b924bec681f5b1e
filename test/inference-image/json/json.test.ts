import { parseJson } from '../../../inference-image/src/json/json';

const exactly = (text: string) => parseJson(text, { exactIntegers: true });

test('long integers are exact if requested', () => {
  expect(exactly('[9007199254740993,-9223372036854775808, 18446744073709551615 ]')).toEqual([
    9007199254740993n,
    -9223372036854775808n,
    18446744073709551615n,
  ]);
  expect(parseJson('[9007199254740993]', { exactIntegers: false })).toEqual([9007199254740992]);
});

test('P16 so are long integers in other forms', () => {
  expect(exactly('[1e18,-1E+18, 9007199254740993.0,922337203685477580.7e1,{"a":1e19}]')).toEqual([
    10n ** 18n,
    -(10n ** 18n),
    9007199254740993n,
    2n ** 63n - 1n,
    { a: 10n ** 19n },
  ]);
  expect(exactly('[1e3,1.5e2,1e-7,1e300,1e400,12345678901234567.5]')).toEqual([
    1000,
    150,
    1e-7,
    1e300,
    Infinity,
    12345678901234568,
  ]);
});

test('other numbers stay numbers', () => {
  expect(exactly('[1234567890123456, 9007199254740993, 1, 1.5, 0.1234567890123456, 1e30]')).toEqual([
    1234567890123456,
    9007199254740993n,
    1,
    1.5,
    0.1234567890123456,
    1e30,
  ]);
});

test.each(['{', '', '[1,]', '[9007199254740993', '["NaN" 1]', '{"Infinity" 1}'])('%j is refused', (text) => {
  expect(() => exactly(text)).toThrow(/^not valid JSON: (?!.* as strings)/);
});

test.each(['NaN', '[-Infinity]', '{"a":NaN}', '[1, Infinity]', '[9007199254740993,NaN]'])(
  '%j is refused, and the error suggests the valid form',
  (text) => {
    expect(() => exactly(text)).toThrow(/^not valid JSON: .*; write NaN and infinities as strings, such as "NaN"$/);
  },
);

test('deep nesting is either parsed or refused', () => {
  const depth = 100_000;
  expect(() => exactly('['.repeat(depth))).toThrow('not valid JSON');
  expect(() => exactly(`[9007199254740993,${'['.repeat(depth)}`)).toThrow('not valid JSON');
});
