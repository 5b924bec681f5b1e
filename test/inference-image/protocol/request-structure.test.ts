import { isUtf8 } from 'node:buffer';
import * as fc from 'fast-check';
import { type Datatype, elementCount, type Signature } from '../../../inference-image/src/contract/signature';
import { MemoryBudget } from '../../../inference-image/src/budget/memory-budget';
import { ServingError } from '../../../inference-image/src/base/errors';
import { BlobReader } from '../../../inference-image/src/protocol/binary-data';
import { InferRequestDecoder, MINIMUM_BYTES } from '../../../inference-image/src/protocol/infer-request';
import { encodeJsonData } from '../../../inference-image/src/json/json-data';
import { NumberReader } from '../../../inference-image/src/json/number-reader';
import { parseJson } from '../../../inference-image/src/json/json';
import { scanRequest } from '../../../inference-image/src/protocol/request-structure';
import type { TensorData } from '../../../inference-image/src/tensor/tensor';
import { dataOf, JSON_DATATYPES, nest, shapes } from './arbitraries';

/** White space that makes a request long enough to be scanned. */
const PADDING = ' '.repeat(MINIMUM_BYTES.plain);

function signatureOf(...datatypes: Datatype[]): Signature {
  return {
    inputs: datatypes.map((datatype, i) => ({ name: `x${i}`, datatype, dimensions: ['n'] })),
    outputs: [{ name: 'y', datatype: 'FP32', dimensions: [] }],
  };
}

/** Result of a call, or its error. */
function outcome(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error instanceof ServingError && error.kind === 'invalid' ? error.message : error;
  }
}

/** Reads a request by parsing all of it at once. */
function parseAll(signature: Signature, json: Buffer, blob: Buffer): unknown {
  if (!isUtf8(json)) return 'the JSON text is not UTF-8';
  const exactIntegers = signature.inputs.some(({ datatype }) => /^U?INT64$/.test(datatype));
  const parsed = parseJson(json.toString(), { exactIntegers });
  return new InferRequestDecoder(signature).read(parsed, new BlobReader(Buffer.concat([json, blob]), json.length));
}

/**
 * Expects scanning a body to give the same result as parsing all of it at once. If the request is invalid, expects both
 * to return an error.
 */
function expectSame(signature: Signature, text: string | Buffer, blob: Buffer = Buffer.alloc(0)): [unknown, unknown] {
  const json = Buffer.concat([Buffer.from(PADDING), Buffer.from(text)]);
  const parsed = outcome(() => parseAll(signature, json, blob));
  const scanned = outcome(() => {
    return new InferRequestDecoder(signature).decode(Buffer.concat([json, blob]), json.length);
  });
  // JSON.parse reads a number that is too small for a double, such as 1e-999, as 0. The scan reads it exactly.
  const isTooSmall = /e-\d{3}/i.test(json.toString('latin1')) && /INT64 takes/.test(String(scanned));
  if (typeof parsed !== 'string' && scanned !== GIVEN_TWICE && !isTooSmall) expect(scanned).toEqual(parsed);
  // Only the scan reads every form of a long integer, such as 10000000000000000000e-1, so parsing may fail alone.
  else if (!/INT64 takes/.test(String(parsed))) expect(typeof scanned).toBe('string');
  return [scanned, parsed];
}

/** Error of the scan for a repeated key. JSON.parse would use the last value of the key. */
const GIVEN_TWICE = 'a key is given twice: inputs, or the data of an input';

/**
 * Expects scanning and parsing to give the same result or the same error. For invalid JSON, the messages may differ.
 */
function expectSameError(...given: Parameters<typeof expectSame>): void {
  const [scanned, parsed] = expectSame(...given);
  if (scanned === GIVEN_TWICE) return;
  if (String(parsed).startsWith('not valid JSON')) expect(scanned).toMatch(/^(input "x0": )?not valid JSON/);
  // The scan shows numbers as the client wrote them, not as JSON.parse reads them.
  else expect(withoutNumber(scanned)).toEqual(withoutNumber(parsed));
}

function withoutNumber(error: unknown): string {
  return String(error).replace(/(element \d+ is) (-?Infinity|[-+.\de]+);/i, '$1 a number;');
}

/** Nests the text of a flat array according to the shape. */
function nestText(data: TensorData, flat: string, shape: readonly number[]): string {
  if (Array.isArray(data)) return JSON.stringify(nest(data, shape));
  const elements = flat.slice(1, -1).split(',').filter(Boolean);
  const nested = nest([...elements.keys()], shape);
  return JSON.stringify(nested).replace(/\d+/g, (position) => elements[Number(position)] as string);
}

const request = (data: string, more = '') =>
  `{"inputs":[{"name":"x0","datatype":"FP32","shape":[2],"data":${data}}]${more}}`;

const integerRequest = (text: string, padding: string, datatype = 'INT64') =>
  Buffer.from(`${padding}{"inputs":[{"name":"x0","datatype":"${datatype}","shape":[1],"data":[${text}]}]}`);

const readNumber = (text: string) =>
  new NumberReader(Buffer.from(`[${text}]`), { name: 'x', datatype: 'FP64', shape: [1] }).read()[0];

describe('numbers', () => {
  const digits = (minLength: number, maxLength: number) =>
    fc.array(fc.integer({ min: 0, max: 9 }), { minLength, maxLength }).map((each) => each.join(''));
  const number = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
    fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
    fc
      .tuple(
        fc.constantFrom('', '-'),
        fc.oneof(
          fc.constant('0'),
          digits(1, 17).map((each) => `1${each}`),
          digits(1, 3),
        ),
        fc.oneof(
          fc.constant(''),
          digits(0, 32).map((each) => `.${each}`),
        ),
        fc.oneof(
          fc.constant(''),
          fc.tuple(fc.constantFrom('e', 'E', 'e-', 'e+'), digits(0, 4)).map(([e, n]) => e + n),
        ),
      )
      .map((parts) => parts.join('')),
  );

  test('are exactly the doubles of JSON.parse', () => {
    fc.assert(
      fc.property(number, (text) => {
        const value = outcome(() => JSON.parse(text));
        if (typeof value !== 'number') return expect(() => readNumber(text)).toThrow('not valid JSON');
        if (Number.isFinite(value)) expect(readNumber(` ${text}\n`)).toBe(value);
        else expect(() => readNumber(text)).toThrow(`element 0 is ${text.slice(0, 60)}`);
      }),
      { numRuns: 10_000 },
    );
  });

  test.each([
    ['1e18', 10n ** 18n],
    ['-1E+18', -(10n ** 18n)],
    ['1.0', 1n],
    ['9007199254740993.000', 9007199254740993n],
    ['922337203685477580.7e1', 2n ** 63n - 1n],
    ['-9223372036854775808', -(2n ** 63n)],
    ['12300e-2', 123n],
    ['0e999999999', 0n],
    ['-0.0', 0n],
  ])('P16 %s is an INT64, in a small request and a large one', (text, value) => {
    for (const padding of ['', PADDING]) {
      expect(
        new InferRequestDecoder(signatureOf('INT64')).decode(integerRequest(text, padding)).inputs[0]!.data,
      ).toEqual(BigInt64Array.of(value));
    }
  });

  test.each(['1e-999', '1e400', '9223372036854775808', '1e19', '1.5', '1e-1', '-1e99999'])(
    'P16 %s is refused, and the error shows it as written',
    (text) => {
      for (const padding of ['', PADDING]) {
        expect(() => new InferRequestDecoder(signatureOf('INT64')).decode(integerRequest(text, padding))).toThrow(
          new Error(
            `input "x0": element 0 is ${text}; INT64 takes a whole number from -9223372036854775808 to 9223372036854775807`,
          ),
        );
      }
    },
  );

  test.each([
    ['1e19', 10n ** 19n],
    ['1844674407370955161.5e1', 2n ** 64n - 1n],
    ['1.0', 1n],
  ])('P16 %s is a UINT64, in a small request and a large one', (text, value) => {
    const signature = signatureOf('UINT64');
    for (const padding of ['', PADDING]) {
      const { inputs } = new InferRequestDecoder(signature).decode(integerRequest(text, padding, 'UINT64'));
      expect(inputs[0]!.data).toEqual(BigUint64Array.of(value));
    }
  });

  test.each<[Datatype, string]>([
    ['FP32', '1e39'],
    ['FP64', '-1e309'],
    ['INT32', '1e18'],
    ['INT32', '3000000000.0'],
    ['UINT8', '12345678901234567890123'],
    ['INT8', '1.50'],
    ['BOOL', '2.0'],
  ])('P16 %s: the error shows %s as written, wherever it is in the data', (datatype, text) => {
    const last = Array.from({ length: 2000 }, () => '1');
    for (const [data, shape, index] of [
      [`[${text}]`, [1], 0],
      [`[[1, 0], [0 , ${text} ]]`, [2, 2], 3],
      [`[${last},${text},1]`, [2002], 2000],
    ] as const) {
      const bytes = Buffer.from(data);
      const reader = () => new NumberReader(bytes, { name: 'x0', datatype: datatype as 'FP32', shape }).read();
      expect(reader).toThrow(`element ${index} is ${text}; ${datatype} takes `);
    }
  });

  test.each([
    ['"shape":[1]', '"shape":[1e400]', 'shape is [Infinity]; it must be'],
    ['"data":[1]', '"data":-1e400', 'data is -Infinity; it must be an array'],
  ])('P16 a number that JSON.parse cannot represent is not shown as null: %s', (valid, other, error) => {
    const text = `{"inputs":[{"name":"x0","datatype":"FP32","shape":[1],"data":[1]}]}`.replace(valid, other);
    for (const padding of ['', PADDING]) {
      expect(() => new InferRequestDecoder(signatureOf('FP32')).decode(Buffer.from(padding + text))).toThrow(error);
    }
  });

  // Numbers halfway between two doubles, and close to halfway.
  test.each([
    '0.1',
    '9007199254740993.0',
    '1.00000000000000011102230246251565',
    '0.500000000000000166533453693773481063544750213623046875',
    '1e22',
    '1e23',
    '9e14',
    '900000000000000.9',
    '4.35',
    '0.000001',
    '123456789012345.678901234567890',
    '5e-324',
    '1e400',
    '-0',
    '0.0',
    '-0.0e5',
  ])('%s', (text) => {
    expect(outcome(() => readNumber(text))).toEqual(
      text === '1e400' ? expect.stringContaining('element 0 is 1e400;') : JSON.parse(text),
    );
  });

  test.each([
    '01',
    '-',
    '.5',
    '1.',
    '1e',
    '+1',
    '1e+',
    'NaN',
    '0x1',
    '1_0',
    '--1',
    '1 2',
    '',
    '1,',
    ',1',
    'null',
    '"1"',
  ])('%j is not a number', (text) => expect(() => readNumber(text)).toThrow(ServingError));
});

describe('limits the structure before anything is built', () => {
  const padded = (text: string) => Buffer.from(text + PADDING);
  const decode = (text: string, ...datatypes: Datatype[]) =>
    new InferRequestDecoder(signatureOf(...datatypes)).decode(padded(text));

  test('removes arrays of elements and keeps the rest', () => {
    const { arrays, text } = scanRequest(padded(request('[1, 2.5]', ',"id":"é","outputs":[{"data":[1]}]')));
    expect(arrays.map(String)).toEqual(['[1, 2.5]']);
    expect(JSON.parse(text)).toMatchObject({ inputs: [{ data: [0] }], id: 'é', outputs: [{ data: [1] }] });
  });

  test.each([
    ['objects', '{},', ''],
    ['numbers', '1,', ''],
    ['strings', '"",', ''],
    ['data', '{"data":[1]},', ''],
    ['a long name', 'x', '"'],
    ['a long name with escapes', '\\\\', '"'],
  ])('too much of %s', (_, unit, quote) => {
    const text = `{"inputs":[${quote}${unit.repeat(3_000_000 / unit.length)}${quote}]}`;
    expect(() => decode(text, 'FP32')).toThrow(
      'the request has more than 65536 bytes of JSON outside the data of its inputs',
    );
  });

  test.each([
    ['arrays', '[', 20],
    ['arrays', '[', 2_000_000],
    ['objects', '{"a":', 17],
  ])('too deep %s', (_, unit, depth) => {
    expect(() => decode(unit.repeat(depth), 'FP32')).toThrow(
      /^the request is nested more than 16 levels deep at byte \d+, not counting levels inside "data"$/,
    );
  });

  test('refuses deeply nested data', () => {
    const deep = '['.repeat(500_000) + ']'.repeat(500_000);
    expect(() => decode(request(deep), 'FP32')).toThrow(/element 0 is \[+…; FP32 takes/);
    expect(() => decode(request(deep).replace('[2]', '[1,2]'), 'FP32')).toThrow('has shape [1,2]');
  });

  test('scans many data keys in linear time', () => {
    const text = `{"inputs":[{${'"data":[1],'.repeat(300_000)}"name":"x0"}]}`;
    expect(() => decode(text, 'FP32')).toThrow('bytes of JSON outside the');
  });

  test('scans many other keys before long data in linear time', () => {
    const numbers = '0,'.repeat(8_000_000);
    const cpuSecondsWith = (keys: number) => {
      const text = `{${'"":0,'.repeat(keys)}"inputs":[{"name":"x0","datatype":"FP32","shape":[1],"data":[${numbers}0]}]}`;
      const begun = process.cpuUsage();
      expect(() => decode(text, 'FP32')).toThrow('data has 8000001 elements');
      const { user, system } = process.cpuUsage(begun);
      return user + system;
    };
    cpuSecondsWith(1);
    // If the search for each key ran to the end of the text, the ratio would be more than ten.
    expect(cpuSecondsWith(13_000) / cpuSecondsWith(1)).toBeLessThan(4);
  });

  test.each(['FP32', 'INT64', 'BYTES', 'UINT8'] as const)('allocates nothing for a shape alone: %s', (datatype) => {
    const text = request('["a"]').replace('[2]', '[2147483647]').replace('FP32', datatype);
    expect(() => decode(text, datatype)).toThrow(/needs 2147483647$|the limit is 65536/);
  });

  test('accepts white space of any length', () => {
    const space = ' \n'.repeat(100_000);
    const text = request('[1,2]').replace(/[:,[\]]/g, (token) => token + space);
    expect(decode(text, 'FP32').inputs[0]?.data).toEqual(Float32Array.of(1, 2));
  });

  test('an error contains the position in the request', () => {
    const text = request(`[1,${' '.repeat(5000)}2]`, ',}');
    expect(() => decode(text, 'FP32')).toThrow(new RegExp(`position ${text.length - 2}\\b`));
  });

  test('names in errors are cut', () => {
    const name = 'n'.repeat(30_000);
    const texts = [request('[1,2]').replace('x0', name), request('[1,2]', `,"outputs":[{"name":"${name}"}]`)];
    for (const text of [
      ...texts,
      request('[1,2]', `,"parameters":{"${name}":[]}`),
      request('[1,2]', `,"id":"${name}"`),
    ]) {
      const message = String(outcome(() => decode(text, 'FP32')));
      expect(message.length).toBeLessThan(300);
    }
  });

  test('reserves the memory that the elements take', () => {
    for (const [datatype, bytes] of [
      ['FP32', 8],
      ['FP64', 16],
      ['UINT8', 2],
      ['INT64', 16],
    ] as const) {
      const holding = new MemoryBudget(2 ** 20).open();
      const before = holding.heldBytes;
      const text = request('[1,2]').replace('FP32', datatype);
      new InferRequestDecoder(signatureOf(datatype)).decode(padded(text), undefined, holding);
      expect(holding.heldBytes - before).toBe(bytes);
    }
    const full = new MemoryBudget(2 ** 15).open();
    const many = request(`[${'1,'.repeat(9999)}1]`).replace('[2]', '[10000]');
    expect(() => new InferRequestDecoder(signatureOf('FP32')).decode(padded(many), undefined, full)).toThrow(
      'bytes of memory',
    );
  });

  test('limits the number of strings in a request', () => {
    const text = request(`[${'"",'.repeat(65_536)}""]`)
      .replace('[2]', '[65537]')
      .replace('FP32', 'BYTES');
    expect(() => decode(text, 'BYTES')).toThrow('the request has 65537 strings, and the limit is 65536');
  });
});

describe('both readers return the same result', () => {
  test.each(JSON_DATATYPES)('%s, flat and nested', (datatype) => {
    const tensors = shapes.chain((shape) =>
      dataOf(datatype, elementCount(shape)).map((data) => ({ name: 'x0', datatype, shape, data })),
    );
    fc.assert(
      fc.property(tensors, fc.boolean(), (tensor, nested) => {
        const { shape } = tensor;
        const flat = encodeJsonData(tensor);
        const text = nested ? nestText(tensor.data, flat, shape) : flat;
        const { inputs } = signatureOf(datatype);
        const signature = { inputs: [{ ...inputs[0]!, dimensions: shape.map(() => null) }], outputs: [] };
        const json = `{"inputs":[{"data":${text},"name":"x0","datatype":"${datatype}","shape":[${shape}]}]}`;
        expect(expectSame(signature, json)[0]).toMatchObject({ inputs: [{ shape }] });
      }),
      { numRuns: 100 },
    );
  });

  test.each<[string, string]>([
    ['numbers', request('[1, -0]')],
    ['too few', request('[1]')],
    ['too many', request('[1,2,3]')],
    ['an extra comma', request('[1,2,]')],
    ['an extra bracket', request('[1,2]]')],
    ['a missing bracket', request('[1,2')],
    ['two arrays', request('[1],[2]')],
    ['a fraction after the array', request('[1,2].0')],
    ['an exponent after the array', request('[1,2]e0')],
    ['a digit before the array', request('0[1,2]')],
    ['a sign before the array', request('-[1,2]')],
    ['unexpected nesting', request('[[1],[2]]')],
    ['infinity', request('[1e400,2]')],
    ['beyond 32 bits', request('[1e39,2]')],
    ['strings', request('["NaN",1]')],
    ['a string that looks like a data key', request('[1,2]', ',"id":"\\"data\\":[3]"')],
    ['an escape in a key', request('[1,2]').replace('data', 'd\\u0061ta')],
    ['a key that consists of escapes', request('[1,2]').replace('data', '\\u0064\\u0061\\u0074\\u0061')],
    [
      'an upper-case escape',
      request('[1,2]').replace('inputs', 'inp\\u0075T\\u0053'.replace('T', 't').replace('S', 's')),
    ],
    ['a key with an invalid escape', request('[1,2],"\\\\q":[3]').replace('\\\\', '\\')],
    ['a key with half an escape', request('[1,2],"dat\\u006":[3]')],
    ['a key with a surrogate pair', request('[1,2],"dat\\ud83d\\ude00":[3]')],
    ['an additional escaped key', request('[1,2],"d\\u0061ta":[3,4]')],
    ['a repeated key', request('[1,2],"data":[3,4]')],
    ['a repeated key with an invalid first value', request('[x],"data":[3,4]')],
    ['repeated inputs', request('[1,2]', `,"inputs":[{"name":"x0","datatype":"FP32","shape":[2],"data":[3,4]}]`)],
    ['a position instead of data', request('0')],
    ['a position after data', request('[1,2],"data":0')],
    ['null', request('null')],
    ['an object', request('{"data":[1,2]}')],
    ['data in outputs', request('[1,2]', ',"outputs":[{"name":"y","data":[1,2]}]')],
    ['data in outputs that is not JSON', request('[1,2]', ',"outputs":[{"name":"y","data":[1,,2]}]')],
    ['data in parameters', request('[1,2],"parameters":{"data":[1]}')],
    ['data elsewhere', request('[1,2]', ',"x":[{"data":[01]}],"data":[1]')],
    ['data as a value', request('[1,2],"note":"data"')],
    ['both forms', request('[1,2],"parameters":{"binary_data_size":8}')],
    ['a long parameter', request('[1,2]', ',"parameters":{"p":12345678901234567890}')],
    ['an unknown output', request('[1,2]', ',"outputs":[{"name":"z"}]')],
    ['an unterminated string', request('[1,2]', ',"id":"')],
    ['white space', request('\t[ 1\r\n, 2 ] \n').replace(':', ' : ')],
    ['a form feed', request('[1,\f2]')],
    ['a shape with too many elements to count', request('[1,2]').replace('[2]', '[2147483647]')],
    ['invalid JSON around the data', `${request('[1,2]')}}`],
  ])('%s', (_, text) => {
    expectSameError(signatureOf('FP32'), text);
  });

  test.each<[Datatype, string]>([
    ['INT64', '[9007199254740991,-9007199254740991]'],
    ['INT64', '[9007199254740993,1]'],
    ['INT64', '[-0,-4294967297]'],
    ['INT64', '[1.5,2]'],
    ['INT64', '[1e3,1e300]'],
    ['UINT64', '[4294967296,123456789012345]'],
    ['UINT64', '[-1,0]'],
    ['UINT8', '[256,0]'],
    ['INT8', '[-128,1.0]'],
    ['BOOL', '[1,0]'],
    ['BOOL', '[2,0]'],
    ['BOOL', '[true,0]'],
    ['FP64', '[1e309,0]'],
    ['FP64', '[0.30000000000000004,1e-7]'],
    ['FP16', '[1,2]'],
    ['BYTES', '[1,2]'],
    ['BYTES', '["a",2]'],
    ['BYTES', '["a"]'],
    ['BYTES', '["a","b","c"]'],
    ['BYTES', '["a","b",]'],
    ['BYTES', '["a" "b"]'],
    ['BYTES', '["\\n\\u00e9\\ud83d\\ude00\\/","\\\\"]'],
    ['BYTES', '["]","}],[{"]'],
    ['BYTES', '["\\u0000","b"]'],
    ['BYTES', '["\\ud800","b"]'],
    ['BYTES', '["\\ud800\\u0041","b"]'],
    ['BYTES', '["\\u12","b"]'],
    ['BYTES', '["\\x","b"]'],
    ['BYTES', '["\t","b"]'],
    ['BYTES', '[null,["b"]]'],
    ['INT64', '[9223372036854775807,-9223372036854775808]'],
    ['INT64', '[9223372036854775808,0]'],
    ['INT64', '[-9223372036854775809,0]'],
    ['INT64', '[123456789012345678901,0]'],
    ['INT64', '["1",0]'],
    ['INT64', '[1.0,1e2]'],
    ['INT64', '[01,1]'],
    ['INT64', '[1 ,\t-1 ]'],
    ['UINT64', '[18446744073709551615,9999999999999999]'],
    ['UINT64', '[18446744073709551616,0]'],
    ['UINT64', '[-0,0]'],
    ['FP64', '["NaN","-Infinity"]'],
    ['FP64', '["\\u004eaN",12345678901234567890]'],
    ['FP32', '["Infinity",1e38]'],
    ['FP32', '["infinity",0]'],
    ['FP32', '[true,0]'],
    ['FP32', '[NaN,0]'],
    ['BOOL', '[true,false]'],
    ['BOOL', '["true",false]'],
    ['INT32', '[1,"NaN"]'],
    ['INT32', '[1,2147483648]'],
    ['UINT8', '[1,-1]'],
  ])('%s %s', (datatype, data) => {
    expectSameError(signatureOf(datatype), request(data).replace('FP32', datatype));
  });

  test('for one input as JSON and one as binary data', () => {
    const second = '{"name":"x1","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4}}';
    const text = request('[1,2]').replace('}]', `},${second}]`);
    expectSame(signatureOf('FP32', 'FP32'), text, Buffer.alloc(4));
    expectSame(signatureOf('FP32', 'FP32'), text, Buffer.alloc(5));
    expectSame(signatureOf('FP32'), request('[1,2]'), Buffer.from('}"'));
  });

  test('for text that is not UTF-8', () => {
    const text = Buffer.from(request('[1,2]', ',"id":"~"'));
    text[text.indexOf('~')] = 0xff;
    expect(expectSame(signatureOf('FP32'), text)[0]).toContain('not UTF-8');
  });

  test('for a request with any one byte changed', () => {
    const text = Buffer.from(request('[[1.5,-2e1],[3,4]],"parameters":{"data":[1]}').replace('[2]', '[2,2]'));
    const signature = {
      ...signatureOf('FP32'),
      inputs: [{ name: 'x0', datatype: 'FP32' as const, dimensions: [null, null] }],
    };
    const byte = fc.oneof(fc.constantFrom(...Buffer.from('"\\[]{},:.-+eE019 \n')), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: text.length - 1 }), byte), { minLength: 1, maxLength: 3 }),
        (edits) => {
          const edited = Buffer.from(text);
          for (const [at, value] of edits) edited[at] = value;
          expectSame(signature, edited);
        },
      ),
      { numRuns: 5000 },
    );
  });

  test.each<[Datatype, string]>([
    ['BYTES', '["a\\n",["é\\u00e9"]]'],
    ['BYTES', '[["a","\\ud83d\\ude00"],["","é"]]'],
    ['INT64', '[[9007199254740993,-1],[1e3,-9223372036854775808]]'],
    ['FP32', '[["NaN",1],[-0,1e-30]]'],
    ['BOOL', '[[true,0],[1.0,false]]'],
  ])('%s %s with any bytes changed', (datatype, data) => {
    const text = Buffer.from(request(data).replace('[2]', '[2,2]').replace('FP32', datatype));
    const signature = { inputs: [{ name: 'x0', datatype, dimensions: [null, null] }], outputs: [] };
    const byte = fc.oneof(fc.constantFrom(...Buffer.from('"\\[]{},:.-+eEu019 \ndt')), fc.nat({ max: 255 }));
    const edit = fc.tuple(fc.nat({ max: text.length - 1 }), fc.nat({ max: 3 }), fc.array(byte, { maxLength: 3 }));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        let edited: Buffer = Buffer.from(text);
        for (const [at, removed, added] of edits) {
          edited = Buffer.concat([edited.subarray(0, at), Buffer.from(added), edited.subarray(at + removed)]);
        }
        expectSame(signature, edited);
      }),
      { numRuns: 1000 },
    );
  });
});
