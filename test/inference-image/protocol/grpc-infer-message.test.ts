import * as fc from 'fast-check';
import { MemoryBudget } from '../../../inference-image/src/budget/memory-budget';
import type { Signature } from '../../../inference-image/src/contract/signature';
import { ServingError } from '../../../inference-image/src/base/errors';
import { GrpcInferRequestDecoder } from '../../../inference-image/src/protocol/grpc-infer-request';
import { finish, SlicedWork } from '../../../inference-image/src/base/sliced-work';
import { bytesField, varintLength, writeVarint } from '../../../inference-image/src/protocol/wire-format';
import { PROTO_ROOT } from '../../support/grpc-client';

const REQUEST = PROTO_ROOT.lookupType('inference.ModelInferRequest');
const MIB = 1024 * 1024;

const SIGNATURE: Signature = {
  inputs: [
    { name: 'a', datatype: 'FP32', dimensions: ['n'] },
    { name: 'b', datatype: 'INT64', dimensions: ['k', null] },
    { name: 'c', datatype: 'BYTES', dimensions: [null] },
  ],
  outputs: [{ name: 'y', datatype: 'FP32', dimensions: ['n'] }],
};
const decoder = new GrpcInferRequestDecoder(SIGNATURE);

function encode(message: object): Buffer {
  return Buffer.from(REQUEST.encode(REQUEST.fromObject(message)).finish());
}

function varint(value: number): Buffer {
  const bytes = Buffer.alloc(varintLength(value));
  writeVarint(bytes, 0, value);
  return bytes;
}

/** A field with its tag. The value is written unchanged, after its length if the field is length-delimited. */
function field(number: number, type: number, value: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + type), ...(type === 2 ? [varint(value.length)] : []), value]);
}

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const parameter = fc.oneof(
  fc.record({ bool_param: fc.boolean() }),
  fc.record({ int64_param: int64.map(String) }),
  fc.record({ uint64_param: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String) }),
  fc.record({ string_param: text }),
  fc.record({ double_param: fc.double() }),
  fc.constant({}),
);
const parameters = fc.dictionary(text, parameter, { maxKeys: 4 });
const message = fc.record({
  model_name: text,
  model_version: text,
  id: text,
  parameters,
  inputs: fc.array(
    fc.record({ name: text, datatype: text, shape: fc.array(int64.map(String), { maxLength: 4 }), parameters }),
    {
      maxLength: 3,
    },
  ),
  outputs: fc.array(fc.record({ name: text, parameters }), { maxLength: 1 }),
  raw_input_contents: fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 3 }),
});

/** Reads a message with protobufjs, and returns it in the form of our reader. */
function asOurs(bytes: Buffer) {
  const read: any = REQUEST.decode(bytes);
  const values = (given: Record<string, any>) =>
    Object.fromEntries(
      Object.entries(given).map(([name, each]) => {
        const value = each.parameter_choice === undefined ? undefined : each[each.parameter_choice];
        if (typeof value !== 'object') return [name, value];
        return [name, Number.isSafeInteger(Number(value)) ? Number(value) : BigInt(String(value))];
      }),
    );
  return {
    modelName: read.model_name,
    modelVersion: read.model_version,
    id: read.id,
    parameters: values(read.parameters),
    inputs: read.inputs.map(({ name, datatype, shape, parameters: given }: any) => ({
      name,
      datatype,
      shape: shape.map(Number),
      parameters: values(given),
    })),
    outputs: read.outputs.map(({ name, parameters: given }: any) => ({ name, parameters: values(given) })),
    raw: read.raw_input_contents.map((each: Uint8Array) => Buffer.from(each)),
  };
}

function ours(bytes: Buffer) {
  const { raw, ...message } = decoder.read(bytes);
  return { ...message, bytes: undefined, raw: raw.map(({ from, to }) => Buffer.from(bytes.subarray(from, to))) };
}

test('reads the structure like protobufjs', () => {
  fc.assert(
    fc.property(message, (given) => {
      const bytes = encode(given);
      expect(JSON.stringify(ours(bytes), bigints)).toEqual(JSON.stringify(asOurs(bytes), bigints));
    }),
  );
});

test('merges parts of a parameter like protobufjs', () => {
  const choices = fc.oneof(
    fc.boolean().map((value) => field(1, 0, varint(Number(value)))),
    fc.nat().map((value) => field(2, 0, varint(value))),
    text.map((value) => field(3, 2, Buffer.from(value))),
    fc.nat().map((value) => field(5, 0, varint(value))),
  );
  // Protobuf merges a value that an entry contains twice: https://protobuf.dev/programming-guides/encoding/#last-one-wins
  const value = fc.array(choices, { maxLength: 1 }).map((parts) => field(2, 2, Buffer.concat(parts)));
  const key = text.map((name) => field(1, 2, Buffer.from(name)));
  const entry = fc.array(fc.oneof(key, value), { maxLength: 6 }).map((parts) => field(4, 2, Buffer.concat(parts)));
  const inInput = fc.array(entry, { maxLength: 3 }).map((entries) => field(5, 2, Buffer.concat(entries)));
  fc.assert(
    fc.property(fc.array(fc.oneof(entry, inInput), { maxLength: 3 }), (parts) => {
      const bytes = Buffer.concat(parts);
      expect(JSON.stringify(ours(bytes), bigints)).toEqual(JSON.stringify(asOurs(bytes), bigints));
    }),
  );
});

function bigints(_: string, value: unknown): unknown {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  return typeof value === 'bigint' ? `${value}n` : value;
}

test('skips unknown fields of every wire type at any position, and refuses groups', () => {
  const unknown = [
    field(100, 0, varint(2 ** 40)),
    field(101, 1, Buffer.alloc(8, 0xff)),
    field(102, 2, Buffer.from('unknown')),
    field(2000, 5, Buffer.alloc(4)),
    // This is a known field with the wrong wire type.
    field(1, 0, varint(7)),
  ];
  const input = Buffer.concat([
    ...unknown,
    bytesField(1, Buffer.from('a')),
    ...unknown,
    bytesField(2, Buffer.from('FP32')),
  ]);
  const whole = Buffer.concat([...unknown, bytesField(1, Buffer.from('m')), bytesField(5, input), ...unknown]);
  expect(decoder.read(whole)).toMatchObject({ modelName: 'm', inputs: [{ name: 'a', datatype: 'FP32' }] });
  for (const type of [3, 4, 6, 7]) {
    expect(() => decoder.read(Buffer.concat([whole, varint(100 * 8 + type)]))).toThrow(/wire type/);
  }
});

test('reads any bytes as a request or fails with an error for the client', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    // This is a message with a few changed bytes, possibly truncated.
    fc
      .tuple(message.map(encode), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), fc.nat())
      .map(([whole, changes, end]) => {
        const changed = Buffer.from(whole);
        for (const [at, byte] of changes) if (changed.length > 0) changed[at % changed.length] = byte;
        return changed.subarray(0, changed.length - (end % 4));
      }),
  );
  fc.assert(
    fc.property(bytes, (given) => {
      try {
        finish(decoder.decode(decoder.read(Buffer.from(given)), new MemoryBudget(MIB).open()));
      } catch (error) {
        expect(error).toBeInstanceOf(ServingError);
        expect(error).toMatchObject({ kind: expect.stringMatching(/^(invalid|tooLarge)$/) });
      }
    }),
    { numRuns: 2000 },
  );
});

describe('typed contents in any form', () => {
  const numbers = [0, 1, 127, 128, 300, 2 ** 31, 2 ** 40];
  const one = {
    inputs: [{ name: 'x', datatype: 'INT64', dimensions: [null] }],
    outputs: SIGNATURE.outputs,
  } as Signature;
  const only = new GrpcInferRequestDecoder(one);
  const read = (contents: Buffer, count: number) => {
    const input = Buffer.concat([
      bytesField(1, Buffer.from('x')),
      bytesField(2, Buffer.from('INT64')),
      field(3, 0, varint(count)),
      bytesField(5, contents),
    ]);
    const holding = new MemoryBudget(MIB).open();
    return finish(only.decode(only.read(bytesField(5, input)), holding)).inputs[0]!.data;
  };
  const packed = (values: number[]) => field(3, 2, Buffer.concat(values.map(varint)));
  const single = (values: number[]) => Buffer.concat(values.map((value) => field(3, 0, varint(value))));

  test.each([
    ['packed', packed(numbers)],
    ['one by one', single(numbers)],
    [
      'both',
      Buffer.concat([
        single(numbers.slice(0, 2)),
        packed([]),
        packed(numbers.slice(2, 5)),
        field(99, 0, varint(1)),
        single(numbers.slice(5)),
      ]),
    ],
  ])('%s', (_, contents) => {
    expect(read(contents, numbers.length)).toEqual(BigInt64Array.from(numbers, BigInt));
  });

  test.each([
    [
      'packed numbers that end in the middle of a number',
      field(3, 2, Buffer.from([1, 0x80])),
      1,
      /end in the middle of a number/,
    ],
    [
      'a number of 11 bytes',
      field(3, 2, Buffer.concat([Buffer.alloc(10, 0x80), Buffer.from([1])])),
      1,
      /more than 10 bytes/,
    ],
    ['packed floats of 5 bytes', field(6, 2, Buffer.alloc(5)), 1, /end in the middle of a number/],
    ['too many', packed([1, 2]), 1, /int64_contents has 2 elements; shape \[1\] needs 1/],
    [
      'an additional field of a different type',
      Buffer.concat([packed([1]), field(1, 0, varint(1))]),
      1,
      /it has bool_contents; INT64 takes int64_contents/,
    ],
  ])('%s', (_, contents, count, message) => {
    expect(() => read(contents, count)).toThrow(message);
  });
});

describe('checks the structure before building objects', () => {
  const times = (count: number, part: Buffer) => Buffer.alloc(count * part.length, part);
  const bombs: Array<[string, Buffer, RegExp]> = [
    ['inputs', times(8 * MIB, Buffer.from([0x2a, 0])), /too many fields/],
    ['outputs', times(8 * MIB, Buffer.from([0x32, 0])), /too many fields/],
    ['raw_input_contents', times(8 * MIB, Buffer.from([0x3a, 0])), /too many fields/],
    ['parameters', times(8 * MIB, Buffer.from([0x22, 0])), /^parameters has more than 64 entries$/],
    ['unknown fields', times(8 * MIB, Buffer.from([0x78, 0])), /too many fields/],
    ['fields of an input', bytesField(5, times(8 * MIB, Buffer.from([0x0a, 0]))), /too many fields/],
    [
      'sizes',
      bytesField(
        5,
        Buffer.concat([
          bytesField(1, Buffer.from('a')),
          bytesField(2, Buffer.from('FP32')),
          field(3, 2, times(8 * MIB, Buffer.from([1]))),
        ]),
      ),
      /^input "a" has shape/,
    ],
    ['parameters of a parameter', bytesField(4, bytesField(2, times(8 * MIB, Buffer.from([8, 0])))), /too many fields/],
    [
      'fields of values of parameters',
      bytesField(4, times(64, bytesField(2, times(MIB / 8, Buffer.from([8, 0]))))),
      /too many fields/,
    ],
    ['a long name', bytesField(5, bytesField(1, times(16 * MIB, Buffer.from('n')))), /^input "n{10}/],
    ['a long id', bytesField(3, times(16 * MIB, Buffer.from('n'))), /^id has 16777216 bytes/],
  ];

  test.each(bombs)('16 MiB of %s', (_, bytes, message) => {
    const start = performance.now();
    const before = process.memoryUsage().heapUsed;
    let thrown: unknown;
    try {
      finish(decoder.decode(decoder.read(bytes), new MemoryBudget(64 * MIB).open()));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ServingError);
    expect((thrown as ServingError).message).toMatch(message);
    expect((thrown as ServingError).message.length).toBeLessThan(6000);
    // The limit is generous: millions of objects would take a second and hundreds of megabytes.
    expect(performance.now() - start).toBeLessThan(500);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(32 * MIB);
  });

  test.each([
    ['bytes_contents', 0x42, 'it has bytes_contents; FP32 takes fp32_contents'],
    ['packed fp32_contents', 0x32, 'fp32_contents has 0 elements; shape [3] needs 3'],
  ])('16 MiB of empty %s, in slices', async (_, tag, message) => {
    const only = new GrpcInferRequestDecoder({ ...SIGNATURE, inputs: [SIGNATURE.inputs[0]!] });
    const input = Buffer.concat([
      bytesField(1, Buffer.from('a')),
      bytesField(2, Buffer.from('FP32')),
      field(3, 0, varint(3)),
      bytesField(5, times(8 * MIB, Buffer.from([tag, 0]))),
    ]);
    const work = new SlicedWork();
    let turns = 0;
    const timer = setImmediate(function count() {
      turns++;
      if (work.busy) setImmediate(count);
    });
    const decoded = work.do(only.decode(only.read(bytesField(5, input)), new MemoryBudget(MIB).open()));
    await expect(decoded).rejects.toThrow(message);
    clearImmediate(timer);
    expect(turns).toBeGreaterThan(20);
  });

  test.each([
    ['one', [15 * MIB]],
    ['many', new Array<number>(60).fill(MIB / 4)],
  ])('%s large string(s), in slices', (_, lengths) => {
    const only = new GrpcInferRequestDecoder({ ...SIGNATURE, inputs: [SIGNATURE.inputs[2]!] });
    const texts = lengths.map((length) => '\u00e9\u20ac'.repeat(length / 5));
    const input = Buffer.concat([
      bytesField(1, Buffer.from('c')),
      bytesField(2, Buffer.from('BYTES')),
      field(3, 0, varint(texts.length)),
      bytesField(5, Buffer.concat(texts.map((text) => bytesField(8, Buffer.from(text))))),
    ]);
    const work = only.decode(only.read(bytesField(5, input)), new MemoryBudget(64 * MIB).open());
    let slices = 1;
    let step = work.next();
    for (; !step.done; step = work.next()) slices++;
    expect(slices).toBeGreaterThan(10);
    expect(step.value.inputs[0]!.data).toEqual(texts);
  });

  test('reserves budget before building elements', () => {
    const only = new GrpcInferRequestDecoder({ ...SIGNATURE, inputs: [SIGNATURE.inputs[2]!] });
    const count = 60_000;
    const contents = times(count, Buffer.from([0x42, 0]));
    const input = Buffer.concat([
      bytesField(1, Buffer.from('c')),
      bytesField(2, Buffer.from('BYTES')),
      field(3, 0, varint(count)),
      bytesField(5, contents),
    ]);
    const decode = () => finish(only.decode(only.read(bytesField(5, input)), new MemoryBudget(2 * MIB).open()));
    expect(decode).toThrow(expect.objectContaining({ kind: 'tooLarge' }));
  });
});
