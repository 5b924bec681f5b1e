import * as fc from 'fast-check';
import { type Datatype, elementCount, type Signature } from '../../../inference-image/src/contract/signature';
import { InferRequestDecoder, MINIMUM_BYTES } from '../../../inference-image/src/protocol/infer-request';
import { encodeJsonData } from '../../../inference-image/src/protocol/json-data';
import * as numberArrays from '../../../inference-image/src/protocol/number-arrays';
import { readNumbers } from '../../../inference-image/src/protocol/number-reader';
import { dataOf, JSON_DATATYPES, nest, shapes } from './arbitraries';

const { takeNumbers } = numberArrays;

/** White space that makes a request long enough for the fast way. */
const PADDING = ' '.repeat(MINIMUM_BYTES.plain);

function signatureOf(...datatypes: Datatype[]): Signature {
  return {
    inputs: datatypes.map((datatype, i) => ({ name: `x${i}`, datatype, dimensions: ['n'] })),
    outputs: [{ name: 'y', datatype: 'FP32', dimensions: [] }],
  };
}

/** What comes of a body, the request or the error. */
function outcome(decoder: InferRequestDecoder, json: Buffer, blob = Buffer.alloc(0)): unknown {
  try {
    return decoder.decode(Buffer.concat([json, blob]), json.length);
  } catch (error) {
    return String(error);
  }
}

/** The same body as it is, and so long that the numbers are read by themselves. */
function expectSame(signature: Signature, text: string | Buffer<ArrayBuffer>, blob?: Buffer<ArrayBuffer>): unknown {
  const decoder = new InferRequestDecoder(signature);
  const long = Buffer.concat([Buffer.from(PADDING), typeof text === 'string' ? Buffer.from(text) : text]);
  const spy = jest.spyOn(numberArrays, 'takeNumbers').mockReturnValue(undefined);
  const plain = outcome(decoder, long, blob);
  spy.mockRestore();
  const fast = outcome(decoder, long, blob);
  expect(fast).toEqual(plain);
  return fast;
}

/** A flat array's text as that of a nested one. */
function nestText(flat: string, shape: readonly number[]): string {
  const elements = flat.slice(1, -1).split(',').filter(Boolean);
  const nested = nest([...elements.keys()], shape);
  return JSON.stringify(nested).replace(/\d+/g, (position) => elements[Number(position)] as string);
}

const request = (data: string, more = '') =>
  `{"inputs":[{"name":"x0","datatype":"FP32","shape":[2],"data":${data}}]${more}}`;

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

  test('are the very doubles that JSON.parse gives', () => {
    fc.assert(
      fc.property(number, (text) => {
        const [value] = readNumbers(Buffer.from(`[ ${text}\n]`), [1], 1) ?? [];
        if (value !== undefined) expect(value).toBe(JSON.parse(text));
      }),
      { numRuns: 30_000 },
    );
  });

  // Halfway between two doubles, and close to it.
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
    const [value] = readNumbers(Buffer.from(`[${text}]`), [1], 1) ?? [NaN];
    expect([NaN, JSON.parse(text)]).toContainEqual(value);
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
  ])('%j is none', (text) => expect(readNumbers(Buffer.from(`[${text}]`), [1], 1)).toBeUndefined());

  test('are read by themselves where they are of use', () => {
    const taken = takeNumbers(Buffer.from(request('[1, 2.5]', ',"id":"é"')));
    expect(taken?.arrays.map(String)).toEqual(['[1, 2.5]']);
    expect(JSON.parse(taken?.text ?? '')).toEqual({ inputs: [expect.objectContaining({ data: 0 })], id: 'é' });
    expect(takeNumbers(Buffer.from('{"inputs":[]}'))).toBeUndefined();

    const spy = jest.spyOn(numberArrays, 'takeNumbers');
    const decoder = new InferRequestDecoder(signatureOf('FP32'));
    decoder.decode(Buffer.from(request('[1,2]')));
    expect(spy).not.toHaveBeenCalled();
    decoder.decode(Buffer.from(request('[1,2]') + PADDING));
    expect(spy).toHaveBeenCalled();
    spy.mockRestore();
  });

  test('are looked for in linear time', () => {
    expect(takeNumbers(Buffer.from(`{"inputs":[{${'"data":[1],'.repeat(300_000)}`))?.arrays).toHaveLength(300_000);
  });
});

describe('the same comes of a request in either way', () => {
  test.each(JSON_DATATYPES)('%s, flat and nested', (datatype) => {
    const tensors = shapes.chain((shape) =>
      dataOf(datatype, elementCount(shape)).map((data) => ({ name: 'x0', datatype, shape, data })),
    );
    fc.assert(
      fc.property(tensors, fc.boolean(), (tensor, nested) => {
        const { shape } = tensor;
        const flat = encodeJsonData(tensor);
        const text = nested && datatype !== 'BYTES' ? nestText(flat, shape) : flat;
        const { inputs } = signatureOf(datatype);
        const signature = { inputs: [{ ...inputs[0]!, dimensions: shape.map(() => null) }], outputs: [] };
        const json = `{"inputs":[{"data":${text},"name":"x0","datatype":"${datatype}","shape":[${shape}]}]}`;
        expect(expectSame(signature, json)).toMatchObject({ inputs: [{ shape }] });
      }),
      { numRuns: 100 },
    );
  });

  test.each<[string, string]>([
    ['numbers', request('[1, -0]')],
    ['too few', request('[1]')],
    ['too many', request('[1,2,3]')],
    ['a comma too many', request('[1,2,]')],
    ['a bracket too many', request('[1,2]]')],
    ['a bracket too few', request('[1,2')],
    ['two arrays', request('[1],[2]')],
    ['a fraction after the array', request('[1,2].0')],
    ['an exponent after the array', request('[1,2]e0')],
    ['a digit before the array', request('0[1,2]')],
    ['a sign before the array', request('-[1,2]')],
    ['nested where it is not', request('[[1],[2]]')],
    ['infinity', request('[1e400,2]')],
    ['beyond 32 bits', request('[1e39,2]')],
    ['texts', request('["NaN",1]')],
    ['text that looks like data', request('[1,2]', ',"id":"\\"data\\":[3]"')],
    ['an escape in a key', request('[1,2]').replace('data', 'd\\u0061ta')],
    ['an escaped key beside', request('[1,2],"d\\u0061ta":[3,4]')],
    ['a key twice', request('[1,2],"data":[3,4]')],
    ['a key twice, the first wrong', request('[x],"data":[3,4]')],
    ['inputs twice', request('[1,2]', `,"inputs":[{"name":"x0","datatype":"FP32","shape":[2],"data":[3,4]}]`)],
    ['a position in the place of data', request('0')],
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
    ['an unclosed text', request('[1,2]', ',"id":"')],
    ['white space', request('\t[ 1\r\n, 2 ] \n').replace(':', ' : ')],
    ['a form feed', request('[1,\f2]')],
    ['a shape beyond counting', request('[1,2]').replace('[2]', '[2147483647]')],
    ['not JSON around', `${request('[1,2]')}}`],
  ])('%s', (_, text) => {
    expectSame(signatureOf('FP32'), text);
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
  ])('%s %s', (datatype, data) => {
    expectSame(signatureOf(datatype), request(data).replace('FP32', datatype));
  });

  test('one input as JSON and one as binary data', () => {
    const second = '{"name":"x1","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4}}';
    const text = request('[1,2]').replace('}]', `},${second}]`);
    expectSame(signatureOf('FP32', 'FP32'), text, Buffer.alloc(4));
    expectSame(signatureOf('FP32', 'FP32'), text, Buffer.alloc(5));
    expectSame(signatureOf('FP32'), request('[1,2]'), Buffer.from('}"'));
  });

  test('text that is not UTF-8', () => {
    const text = Buffer.from(request('[1,2]', ',"id":"~"'));
    text[text.indexOf('~')] = 0xff;
    expect(expectSame(signatureOf('FP32'), text)).toContain('not UTF-8');
  });

  test('a request with any one byte changed', () => {
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
});
