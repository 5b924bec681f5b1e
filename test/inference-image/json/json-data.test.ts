import * as fc from 'fast-check';
import { type Datatype, elementCount } from '../../../inference-image/src/contract/signature';
import { TYPED_ARRAY, type NumericDatatype, type Tensor } from '../../../inference-image/src/tensor/tensor';
import { parseJson } from '../../../inference-image/src/json/json';
import { decodeJsonData, encodeJsonData, jsonDataPieces } from '../../../inference-image/src/json/json-data';
import { dataOf, JSON_DATATYPES, nest, shapes } from '../protocol/arbitraries';

function decode(datatype: Datatype, data: unknown, shape = [Array.isArray(data) ? data.length : 1]) {
  return decodeJsonData({ name: 'x', datatype, shape }, data);
}

function encode(tensor: Omit<Tensor, 'name'>): string {
  return encodeJsonData({ name: 'y', ...tensor });
}

describe('round trip', () => {
  test.each(JSON_DATATYPES)('%s, flat and nested', (datatype) => {
    const tensors = shapes.chain((shape) =>
      dataOf(datatype, elementCount(shape)).map((data) => ({ name: 'x', datatype, shape, data })),
    );
    fc.assert(
      fc.property(tensors, (tensor) => {
        const flat = parseJson(encodeJsonData(tensor), { exactIntegers: true });
        expect(decodeJsonData(tensor, flat)).toEqual(tensor.data);
        expect(decodeJsonData(tensor, nest(flat as unknown[], tensor.shape))).toEqual(tensor.data);
      }),
      { numRuns: 300 },
    );
  });
});

describe('encoding', () => {
  test.each(JSON_DATATYPES)('in pieces gives the same text: %s', (datatype) => {
    const lengths = fc.constantFrom(0, 1, 2, 1023, 1024, 1025, 2048, 65_537);
    const tensors = lengths.chain((length) =>
      dataOf(datatype, Math.min(length, 64)).map((some): Tensor => {
        const elements = Array.from({ length }, (_, i) => some[i % some.length]!);
        if (Array.isArray(some)) return { name: 'x', datatype, shape: [length], data: elements as string[] };
        const Elements = TYPED_ARRAY[datatype as NumericDatatype] as Float64ArrayConstructor;
        return { name: 'x', datatype, shape: [length], data: Elements.from(elements as number[]) };
      }),
    );
    fc.assert(
      fc.property(tensors, (tensor) => {
        let text = '';
        for (const piece of jsonDataPieces(tensor)) text += Buffer.from(piece).toString();
        expect(text === encodeJsonData(tensor)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test('is strict JSON, with NaN, infinities and the sign of zero', () => {
    const data = [NaN, Infinity, -Infinity, -0, 1.5];
    const text = '["NaN","Infinity","-Infinity",-0,1.5]';
    expect(encode({ datatype: 'FP32', shape: [5], data: Float32Array.from(data) })).toBe(text);
    expect(encode({ datatype: 'FP64', shape: [5], data: Float64Array.from(data) })).toBe(text);
  });

  test('of 64-bit integers is exact', () => {
    const data = BigInt64Array.from([9007199254740993n, -9223372036854775808n]);
    expect(encode({ datatype: 'INT64', shape: [2], data })).toBe('[9007199254740993,-9223372036854775808]');
  });

  test('of BOOL and BYTES', () => {
    expect(encode({ datatype: 'BOOL', shape: [2], data: Uint8Array.from([1, 0]) })).toBe('[true,false]');
    expect(encode({ datatype: 'BYTES', shape: [2], data: ['é"', ''] })).toBe('["é\\"",""]');
  });

  test('of FP16 is refused', () => {
    expect(() => encode({ datatype: 'FP16', shape: [1], data: new Uint16Array(1) })).toThrow(
      'FP16 has no JSON form; send and request it as binary data',
    );
  });
});

describe('decoding', () => {
  test.each<[Datatype, unknown[], string]>([
    [
      'FP32',
      ['a'],
      'element 0 is "a"; FP32 takes a number within the range of a 32-bit float, "NaN", "Infinity" or "-Infinity"',
    ],
    [
      'FP32',
      [0, 1e39],
      'element 1 is 1e+39; FP32 takes a number within the range of a 32-bit float, "NaN", "Infinity" or "-Infinity"',
    ],
    [
      'FP64',
      [null],
      'element 0 is null; FP64 takes a number within the range of a 64-bit float, "NaN", "Infinity" or "-Infinity"',
    ],
    ['UINT8', [256], 'element 0 is 256; UINT8 takes a whole number from 0 to 255'],
    ['UINT8', [-1], 'element 0 is -1; UINT8 takes a whole number from 0 to 255'],
    ['INT8', [1.5], 'element 0 is 1.5; INT8 takes a whole number from -128 to 127'],
    ['INT8', ['1'], 'element 0 is "1"; INT8 takes a whole number from -128 to 127'],
    ['UINT16', [65536], 'element 0 is 65536; UINT16 takes a whole number from 0 to 65535'],
    ['INT16', [32768], 'element 0 is 32768; INT16 takes a whole number from -32768 to 32767'],
    ['UINT32', [2 ** 32], 'element 0 is 4294967296; UINT32 takes a whole number from 0 to 4294967295'],
    ['INT32', [2 ** 31], 'element 0 is 2147483648; INT32 takes a whole number from -2147483648 to 2147483647'],
    [
      'INT64',
      [2n ** 63n],
      'element 0 is 9223372036854775808; INT64 takes a whole number from -9223372036854775808 to 9223372036854775807',
    ],
    [
      'INT64',
      [1e300],
      'element 0 is 1e+300; INT64 takes a whole number from -9223372036854775808 to 9223372036854775807',
    ],
    ['UINT64', [-1], 'element 0 is -1; UINT64 takes a whole number from 0 to 18446744073709551615'],
    ['BOOL', [2], 'element 0 is 2; BOOL takes true or false'],
    ['BOOL', ['true'], 'element 0 is "true"; BOOL takes true or false'],
    ['BYTES', [1], 'element 0 is 1; BYTES takes a string without U+0000 and without lone surrogates'],
    ['BYTES', ['a\0b'], 'element 0 is "a\\u0000b"; BYTES takes a string without U+0000 and without lone surrogates'],
    ['BYTES', ['\ud800'], 'element 0 is "\\ud800"; BYTES takes a string without U+0000 and without lone surrogates'],
    ['FP16', [1], 'FP16 has no JSON form; send and request it as binary data'],
  ])('%s refuses %j', (datatype, data, message) => {
    expect(() => decode(datatype, data)).toThrow(new Error(message));
  });

  test.each<[unknown, number[], string]>([
    [null, [1], 'data is null; it must be an array'],
    [{}, [1], 'data is {}; it must be an array'],
    [[1, 2, 3], [2, 2], 'data has 3 elements; shape [2,2] needs 4'],
    [
      [[1, 2], [3]],
      [2, 2],
      'the nesting of data does not match shape [2,2]; nest data like the shape, or send a flat array',
    ],
    [
      [[1, 2, 3, 4]],
      [2, 2],
      'the nesting of data does not match shape [2,2]; nest data like the shape, or send a flat array',
    ],
    [
      [[1, 2], 3, 4],
      [2, 2],
      'the nesting of data does not match shape [2,2]; nest data like the shape, or send a flat array',
    ],
    [
      [[1], [2]],
      [2],
      'element 0 is [1]; FP32 takes a number within the range of a 32-bit float, "NaN", "Infinity" or "-Infinity"',
    ],
    [[], [1000000, 1000000], 'data has 0 elements; shape [1000000,1000000] needs 1000000000000'],
  ])('%j does not fit shape %j', (data, shape, message) => {
    expect(() => decode('FP32', data, shape)).toThrow(new Error(message));
  });

  test('accepts NaN and infinities as strings', () => {
    expect(decode('FP32', ['NaN', 'Infinity', '-Infinity'])).toEqual(Float32Array.from([NaN, Infinity, -Infinity]));
  });

  test('accepts BOOL as true and false, or 1 and 0', () => {
    expect(decode('BOOL', [true, false, 1, 0])).toEqual(TYPED_ARRAY.BOOL.from([1, 0, 1, 0]));
  });

  test('a scalar is an array with one element', () => {
    expect(decode('INT32', [7], [])).toEqual(Int32Array.from([7]));
  });
});
