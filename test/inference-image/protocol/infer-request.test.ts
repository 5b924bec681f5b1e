import * as fc from 'fast-check';
import { MemoryBudget, REQUEST_BYTES } from '../../../inference-image/src/budget/memory-budget';
import { DATATYPES } from '../../../inference-image/src/contract/constants';
import { elementCount, type Signature, type TensorSignature } from '../../../inference-image/src/contract/signature';
import { ServingError } from '../../../inference-image/src/base/errors';
import { InferRequestDecoder } from '../../../inference-image/src/protocol/infer-request';
import { InferResponseEncoder } from '../../../inference-image/src/protocol/infer-response';
import { dataOf, shapes } from './arbitraries';

const signature: Signature = {
  inputs: [
    { name: 'a', datatype: 'FP32', dimensions: ['n', 2] },
    { name: 'b', datatype: 'INT64', dimensions: ['n'] },
  ],
  outputs: [
    { name: 'y', datatype: 'FP32', dimensions: ['n'] },
    { name: 'z', datatype: 'FP16', dimensions: ['n'] },
  ],
};
const decoder = new InferRequestDecoder(signature);

const a = { name: 'a', datatype: 'FP32', shape: [1, 2], data: [1, 2] };
const b = { name: 'b', datatype: 'INT64', shape: [1], data: [3] };
const outputs = [{ name: 'y' }];

function decode(request: unknown, blobs: Buffer[] = []) {
  const json = Buffer.from(typeof request === 'string' ? request : JSON.stringify(request));
  return decoder.decode(Buffer.concat([json, ...blobs]), json.length);
}

test('decodes a request', () => {
  expect(decode({ id: '7', inputs: [b, a], outputs, parameters: { timeout: 5, note: 'x', flag: true } })).toEqual({
    id: '7',
    inputs: [
      { name: 'b', datatype: 'INT64', shape: [1], data: BigInt64Array.from([3n]) },
      { name: 'a', datatype: 'FP32', shape: [1, 2], data: Float32Array.from([1, 2]) },
    ],
    outputs: ['y'],
    binary: [false],
    timeoutSeconds: 0.000005,
  });
});

test('null counts as absent', () => {
  const request = { id: null, parameters: null, inputs: [{ ...a, parameters: null }, b], outputs };
  expect(decode(request).id).toBeUndefined();
});

test('64-bit integers are exact', () => {
  const text = JSON.stringify({ inputs: [a, { ...b, data: ['BIG'] }], outputs }).replace('"BIG"', '9007199254740993');
  expect(decode(text).inputs[1]?.data).toEqual(BigInt64Array.from([9007199254740993n]));
});

test.each<[string, bigint | undefined]>([
  ['1e18', 10n ** 18n],
  ['1.0', 1n],
  ['100e-2', 1n],
  ['9007199254740993.0', 9007199254740993n],
  ['9007199254740990.5', undefined],
  ['0.99999999999999999999', undefined],
  ['1.00000000000000000001', undefined],
  ['1e-400', undefined],
])('64-bit integer %s, in a small request and in a large one', (text, value) => {
  const json = JSON.stringify({ inputs: [a, { ...b, data: ['NUMBER'] }], outputs }).replace('"NUMBER"', text);
  for (const request of [json, json + ' '.repeat(2000)]) {
    const decoded = () => decode(request).inputs[1]?.data;
    if (value === undefined)
      expect(decoded).toThrow(`input "b": element 0 is ${text}; INT64 takes a whole number from`);
    else expect(decoded()).toEqual(BigInt64Array.of(value));
  }
});

describe('copies no binary data if a request is refused for', () => {
  const flags: TensorSignature = { name: 'c', datatype: 'BOOL', dimensions: ['n'] };
  const three = new InferRequestDecoder({ ...signature, inputs: [...signature.inputs, flags] });
  const binary = (size: number) => ({ data: undefined, parameters: { binary_data_size: size } });
  const right = [
    { ...a, ...binary(8) },
    { ...b, ...binary(8) },
    { ...flags, shape: [1], ...binary(1) },
  ];
  const flag = right[2]!;

  test.each<[string, object, Buffer]>([
    ['extra bytes', { inputs: right }, Buffer.alloc(18)],
    ['too few bytes', { inputs: right }, Buffer.alloc(16)],
    ['a wrong timeout', { inputs: right, parameters: { timeout: 'x' } }, Buffer.alloc(17)],
    ['the size of a different tensor', { inputs: [...right.slice(0, 2), { ...flag, ...binary(2) }] }, Buffer.alloc(18)],
    ['an invalid element', { inputs: right }, Buffer.alloc(17, 2)],
    [
      'an invalid element in JSON',
      { inputs: [...right.slice(0, 2), { ...flag, ...binary(0), data: [2] }] },
      Buffer.alloc(16),
    ],
  ])('%s', (_, request, blobs) => {
    for (const space of ['', ' '.repeat(2000)]) {
      const json = Buffer.from(JSON.stringify(request) + space);
      const holding = new MemoryBudget(1024 * 1024).open();
      const before = holding.heldBytes;
      expect(() => three.decodePacked(Buffer.concat([json, blobs]), json.length, holding)).toThrow(ServingError);
      expect(holding.heldBytes).toBe(before);
    }
  });
});

test('refuses binary data for which the budget has no room, after a single attempt', () => {
  const holding = new MemoryBudget(REQUEST_BYTES + 100).open();
  const inputs = [
    { ...a, shape: [12, 2], parameters: { binary_data_size: 96 }, data: undefined },
    { ...b, shape: [12], data: Array(12).fill(1) },
  ];
  const json = Buffer.from(JSON.stringify({ inputs }));
  holding.add(50);
  const add = jest.spyOn(holding, 'add');
  expect(() => decoder.decodePacked(Buffer.concat([json, Buffer.alloc(96)]), json.length, holding)).toThrow(/memory/);
  expect(add).toHaveBeenCalledTimes(1);
});

test('reads binary data in the order of the inputs', () => {
  const binary = (size: number) => ({ data: undefined, parameters: { binary_data_size: size } });
  const blobs = [Buffer.from(BigInt64Array.from([5n]).buffer), Buffer.from(Float32Array.from([6, 7]).buffer)];
  const { inputs } = decode(
    {
      inputs: [
        { ...b, ...binary(8) },
        { ...a, ...binary(8) },
      ],
      outputs,
    },
    blobs,
  );
  expect(inputs.map(({ data }) => data)).toEqual([BigInt64Array.from([5n]), Float32Array.from([6, 7])]);
});

describe('outputs', () => {
  const read = (request: object) => {
    const { outputs: names, binary } = decode({ inputs: [a, b], ...request });
    return names.map((name, i) => [name, binary[i]]);
  };

  test('are those requested, in that order, and by default all outputs of the model', () => {
    const all = { parameters: { binary_data_output: true } };
    expect(read(all)).toEqual([
      ['y', true],
      ['z', true],
    ]);
    expect(read({ ...all, outputs: [] })).toEqual([
      ['y', true],
      ['z', true],
    ]);
    expect(read({ ...all, outputs: [{ name: 'z' }, { name: 'y' }] })).toEqual([
      ['z', true],
      ['y', true],
    ]);
  });

  test('are binary according to their own parameter or, if it is absent, to that of the request', () => {
    const request = {
      parameters: { binary_data_output: true },
      outputs: [{ name: 'y', parameters: { binary_data: false } }],
    };
    expect(read(request)).toEqual([['y', false]]);
    expect(read({ outputs: [{ name: 'z', parameters: { binary_data: true } }] })).toEqual([['z', true]]);
  });
});

test('axes of one input that have the same name may have different sizes', () => {
  const picture = new InferRequestDecoder({
    inputs: [{ name: 'x', datatype: 'FP32', dimensions: ['n', 's', 's'] }],
    outputs: [{ name: 'y', datatype: 'FP32', dimensions: ['n'] }],
  });
  const json = Buffer.from(JSON.stringify({ inputs: [{ ...a, name: 'x', shape: [1, 1, 2] }] }));
  expect(picture.decode(json, json.length).inputs[0]?.shape).toEqual([1, 1, 2]);
});

test.each<[string, unknown, string]>([
  ['P4 an array', [], 'the request is []; it must be an object'],
  ['P4 no inputs', {}, 'inputs is missing; it must be an array'],
  ['P4 inputs of the wrong type', { inputs: {} }, 'inputs is {}; it must be an array'],
  ['P4 an input of the wrong type', { inputs: ['a'] }, 'inputs[0] is "a"; it must be an object'],
  ['P4 a name of the wrong type', { inputs: [{ ...a, name: 1 }] }, 'inputs[0].name is 1; it must be a string'],
  [
    'P4 a shape of the wrong type',
    { inputs: [{ ...a, shape: '-1' }] },
    'input "a": shape is "-1"; it must be an array of non-negative whole numbers',
  ],
  [
    'a negative size',
    { inputs: [{ ...a, shape: [-1, 2] }] },
    'input "a": shape is [-1,2]; it must be an array of non-negative whole numbers',
  ],
  [
    'P4 an unknown datatype',
    { inputs: [{ ...a, datatype: 'STRING' }] },
    'input "a": datatype is "STRING"; it must be one of BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64, FP16, FP32, FP64, BYTES',
  ],
  ['P4 null data', { inputs: [{ ...a, data: null }, b] }, 'input "a": it has no data'],
  [
    'an element of the wrong type',
    { inputs: [a, { ...b, data: ['x'] }] },
    'input "b": element 0 is "x"; INT64 takes a whole number from -9223372036854775808 to 9223372036854775807',
  ],
  ['an unknown input', { inputs: [a, b, { ...a, name: 'c' }] }, 'unknown input "c"; the model takes "a", "b"'],
  ['M21 a repeated input', { inputs: [a, b, a] }, 'input "a" is given twice'],
  ['a missing input', { inputs: [a] }, 'input "b" is missing; the model takes "a", "b"'],
  ['a wrong datatype', { inputs: [{ ...a, datatype: 'FP64' }, b] }, 'input "a" is FP64; the model takes FP32'],
  ['a wrong rank', { inputs: [{ ...a, shape: [2] }, b] }, 'input "a" has shape [2]; the model takes [-1,2]'],
  ['a wrong size', { inputs: [{ ...a, shape: [1, 3] }, b] }, 'input "a" has shape [1,3]; the model takes [-1,2]'],
  [
    'two sizes for one symbol',
    { inputs: [a, { ...b, shape: [2], data: [1, 2] }] },
    'input "b" has size 2 for dimension "n"; input "a" has size 1',
  ],
  [
    'a shape with too many elements to count',
    { inputs: [{ ...a, shape: [2 ** 52, 2] }, b] },
    'input "a" has shape [4503599627370496,2], which is too large',
  ],
  ['an id of the wrong type', { id: 7, inputs: [a, b], outputs }, 'id is 7; it must be a string'],
  [
    'an invalid timeout',
    { inputs: [a, b], outputs, parameters: { timeout: '5' } },
    'parameters.timeout is "5"; it must be a non-negative whole number of microseconds',
  ],
  ['parameters of the wrong type', { inputs: [a, b], parameters: [] }, 'parameters is []; it must be an object'],
  [
    'a parameter of the wrong type',
    { inputs: [a, b], parameters: { p: [1] } },
    'parameters.p is [1]; a parameter must be a string, a number or a boolean',
  ],
  [
    'a parameter of an input, of the wrong type',
    { inputs: [{ ...a, parameters: { p: null } }, b] },
    'input "a": parameters.p is null; a parameter must be a string, a number or a boolean',
  ],
  [
    'P1 an unknown output',
    { inputs: [a, b], outputs: [{ name: 'potato' }] },
    'unknown output "potato"; the model returns "y", "z"',
  ],
  ['a repeated output', { inputs: [a, b], outputs: [...outputs, ...outputs] }, 'output "y" is requested twice'],
  ['outputs of the wrong type', { inputs: [a, b], outputs: 'y' }, 'outputs is "y"; it must be an array'],
  [
    'binary_data of the wrong type',
    { inputs: [a, b], outputs: [{ name: 'y', parameters: { binary_data: 1 } }] },
    'outputs[0].parameters.binary_data is 1; it must be true or false',
  ],
  [
    'the classification extension',
    { inputs: [a, b], outputs: [{ name: 'y', parameters: { classification: 3 } }] },
    'outputs[0]: classification is not supported',
  ],
  [
    'shared memory',
    { inputs: [{ ...a, data: undefined, parameters: { shared_memory_region: 'r' } }, b] },
    'input "a": shared memory is not supported',
  ],
  [
    'P6 data in both forms',
    { inputs: [{ ...a, parameters: { binary_data_size: 8 } }, b] },
    'input "a": it has both data and binary_data_size; use one of them',
  ],
  [
    'P6 an invalid size',
    { inputs: [{ ...a, data: undefined, parameters: { binary_data_size: -1 } }, b] },
    'input "a": binary_data_size is -1; it must be a number of bytes',
  ],
  [
    'P6 a size beyond the body',
    { inputs: [{ ...a, data: undefined, parameters: { binary_data_size: 8 } }, b] },
    'input "a": binary_data_size is 8, but the body has only 0 bytes left',
  ],
])('%s', (_, request, message) => {
  expect(() => decode(request)).toThrow(new Error(message));
});

test.each<[string, Buffer, number | undefined, string]>([
  ['an empty body', Buffer.alloc(0), undefined, 'the body is empty; it must be an inference request'],
  ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), undefined, 'the JSON text is not UTF-8'],
  [
    'P6 a header beyond the body',
    Buffer.from('{}'),
    3,
    'Inference-Header-Content-Length is 3, but the whole body has only 2 bytes',
  ],
  [
    'a raw request to a model with two inputs',
    Buffer.from('{}'),
    0,
    'a request without JSON needs a model with one input and at most one dimension that is not fixed',
  ],
])('%s', (_, body, jsonLength, message) => {
  expect(() => decoder.decode(body, jsonLength)).toThrow(new Error(message));
});

test('deep nesting is refused in small requests too', () => {
  const depth = 100;
  expect(() => decode('['.repeat(depth) + ']'.repeat(depth))).toThrow(
    new Error('the request is nested more than 16 levels deep at byte 16, not counting levels inside "data"'),
  );
});

test('P6 refuses bytes that belong to no input', () => {
  expect(() => decode({ inputs: [a, b], outputs }, [Buffer.alloc(1)])).toThrow(
    'the body has 1 bytes after its JSON and the binary data of its inputs; remove them, or correct binary_data_size',
  );
});

describe('a raw request', () => {
  const raw = (datatype: 'FP32' | 'BYTES', dimensions: (string | number)[]) =>
    new InferRequestDecoder({ inputs: [{ name: 'x', datatype, dimensions }], outputs: signature.outputs });

  test('derives its shape from its length', () => {
    const bytes = Buffer.from(Float32Array.from([1, 2, 3, 4]).buffer);
    expect(raw('FP32', ['n', 2]).decode(bytes, 0)).toEqual({
      inputs: [{ name: 'x', datatype: 'FP32', shape: [2, 2], data: Float32Array.from([1, 2, 3, 4]) }],
      outputs: ['y', 'z'],
      binary: [true, true],
    });
    expect(raw('FP32', [4]).decode(bytes, 0).inputs[0]?.shape).toEqual([4]);
  });

  test('may contain strings', () => {
    const { inputs } = raw('BYTES', ['n']).decode(Buffer.from([1, 0, 0, 0, 65, 0, 0, 0, 0]), 0);
    expect(inputs[0]).toMatchObject({ shape: [2], data: ['A', ''] });
  });

  test('must fill its shape', () => {
    expect(() => raw('FP32', ['n', 2]).decode(Buffer.alloc(12), 0)).toThrow(
      'the body has 12 bytes, which is not a possible size of input "x", FP32 of shape [-1,2]',
    );
    expect(() => raw('FP32', [2]).decode(Buffer.alloc(12), 0)).toThrow('FP32 of shape [2] needs 8 bytes');
    expect(() => raw('FP32', ['n', 'm']).decode(Buffer.alloc(12), 0)).toThrow('at most one dimension');
  });
});

describe('the encoder and the decoder make the round trip', () => {
  test.each(DATATYPES)('%s, as binary data', (datatype) => {
    const tensors = shapes.chain((shape) =>
      dataOf(datatype, elementCount(shape)).map((data) => ({ name: 'x', datatype, shape, data })),
    );
    fc.assert(
      fc.property(tensors, (tensor) => {
        const request = { inputs: [tensor], outputs: ['x'], binary: [true], id: 'é"' };
        const signature = { inputs: [], outputs: [{ name: 'x', datatype, dimensions: [] }] };
        const encoder = new InferResponseEncoder({ name: 'm', version: '1', signature });
        const { body, jsonLength } = encoder.encode(request, [tensor]);
        const json = JSON.parse(String(body.slice(0, jsonLength)));
        expect(json).toMatchObject({ model_name: 'm', model_version: '1', id: 'é"' });

        const dimensions = tensor.shape.map(String).map((_, axis) => `d${axis}`);
        const reader = new InferRequestDecoder({ inputs: [{ name: 'x', datatype, dimensions }], outputs: [] });
        const again = Buffer.from(JSON.stringify({ inputs: json.outputs }));
        const blobs = jsonLength === undefined ? Buffer.alloc(0) : (body as Buffer).subarray(jsonLength);
        expect(reader.decode(Buffer.concat([again, blobs]), again.length).inputs).toEqual([tensor]);
      }),
      { numRuns: 100 },
    );
  });
});
