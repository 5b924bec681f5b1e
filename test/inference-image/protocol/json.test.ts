import { parseJson } from '../../../inference-image/src/protocol/json';

const exactly = (text: string) => parseJson(text, { exactIntegers: true });

test('long integers are exact if requested', () => {
  expect(exactly('[9007199254740993,-9223372036854775808, 18446744073709551615 ]')).toEqual([
    9007199254740993n,
    -9223372036854775808n,
    18446744073709551615n,
  ]);
  expect(parseJson('[9007199254740993]', { exactIntegers: false })).toEqual([9007199254740992]);
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
