import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { ROOT } from '../support/root';
import { OnnxModel } from '../../lib/onnx-model/onnx-model';
import { onnxMessage } from '../../lib/onnx/onnx-messages';
import { readSkeleton } from '../../lib/onnx/skeleton-reader';
import { initializer, node, onnxModel, value, type ModelParts } from '../support/onnx-builder';
import { temporaryFolder } from '../support/temporary-folder';
import { problemsOf } from '../model/support';

const folder = temporaryFolder();
const path = join(folder, 'm.onnx');
const type = onnxMessage('ModelProto');

function skeletonOf(bytes: Uint8Array): unknown {
  fs.writeFileSync(path, bytes);
  const descriptor = fs.openSync(path, 'r');
  try {
    return plain(readSkeleton(descriptor, bytes.length));
  } finally {
    fs.closeSync(descriptor);
  }
}

function plain(bytes: Uint8Array): unknown {
  return type.toObject(type.decode(bytes), { defaults: true, longs: String, bytes: String });
}

/** Expected content of a skeleton, from a decoded model. */
function withoutPayloads(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPayloads);
  if (value === null || typeof value !== 'object') return value;
  const message = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutPayloads(inner)]));
  if ('rawData' in message) {
    const rawDataBytes = bytesOf(message['rawData']);
    Object.assign(message, {
      rawDataBytes,
      stringData: beginningOf(message['stringData'] as string[]),
      ...(rawDataBytes > KEPT_BYTES && { rawData: '' }),
    });
  }
  if ('floats' in message) {
    const { floats, ints, strings, s } = message as Record<string, unknown[]>;
    Object.assign(message, {
      floatsCount: floats?.length,
      intsCount: ints?.length,
      stringsCount: strings?.length,
      strings: beginningOf(strings as unknown as string[]),
      ...(bytesOf(s) > KEPT_BYTES && { s: '' }),
    });
  }
  return message;
}

const KEPT_BYTES = 1024;

/** Strings at the beginning of a list, up to the number of bytes that the reader keeps. */
function beginningOf(texts: readonly string[]): string[] {
  let total = 0;
  return texts.filter((text) => (total += bytesOf(text)) <= KEPT_BYTES);
}

function bytesOf(base64: unknown): number {
  return Buffer.from(String(base64), 'base64').length;
}

/** Payloads, some of them longer than the reader's window. */
const payload = fc.uint8Array({ maxLength: 20_000 });
const name = fc.string({ maxLength: 10 });
const tensor = fc.record({
  name,
  dims: fc.array(fc.nat(), { maxLength: 4 }),
  dataType: fc.nat(30),
  rawData: payload,
  stringData: fc.array(payload, { maxLength: 2 }),
  externalData: fc.array(fc.record({ key: name, value: name }), { maxLength: 2 }),
});
const dim = fc.oneof(fc.record({ dimValue: fc.integer() }), fc.record({ dimParam: name }), fc.constant({}));
const valueInfo = fc.record({
  name,
  type: fc.oneof(
    fc.record({
      tensorType: fc.record({ elemType: fc.nat(30), shape: fc.record({ dim: fc.array(dim, { maxLength: 3 }) }) }),
    }),
    fc.constant({ sequenceType: {} }),
  ),
});
const { graph } = fc.letrec((tie) => ({
  attribute: fc.record({
    name,
    i: fc.integer(),
    f: fc.constant(0.5),
    s: payload,
    ints: fc.array(fc.integer(), { maxLength: 5 }),
    floats: fc.constant([1, 2]),
    t: tensor,
    tensors: fc.array(tensor, { maxLength: 1 }),
    sparseTensor: fc.record({ values: tensor, dims: fc.constant([3]) }),
    graphs: fc.array(tie('graph'), { maxLength: 1, depthIdentifier: 'graph' }),
  }),
  graph: fc.record({
    name,
    node: fc.array(
      fc.record({
        name,
        opType: name,
        domain: name,
        input: fc.array(name, { maxLength: 2 }),
        output: fc.array(name, { maxLength: 2 }),
        attribute: fc.array(tie('attribute'), { maxLength: 1, depthIdentifier: 'graph' }),
      }),
      { maxLength: 2, depthIdentifier: 'graph' },
    ),
    initializer: fc.array(tensor, { maxLength: 2 }),
    input: fc.array(valueInfo, { maxLength: 2 }),
    output: fc.array(valueInfo, { maxLength: 2 }),
  }),
}));
const model = fc.record({
  irVersion: fc.nat(),
  modelVersion: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  producerName: name,
  graph,
  opsetImport: fc.array(fc.record({ domain: name, version: fc.nat() }), { maxLength: 2 }),
});

/** Field that the messages do not declare: number 20, ModelProto.training_info. */
const unknownField = Buffer.concat([Buffer.from([0xa2, 0x01, 0x05]), Buffer.from('hello')]);

test('a skeleton is the model without its payloads', () => {
  fc.assert(
    fc.property(model, (parts) => {
      const bytes = Buffer.concat([unknownField, type.encode(type.fromObject(parts)).finish(), unknownField]);
      expect(skeletonOf(bytes)).toEqual(withoutPayloads(plain(bytes)));
    }),
    { numRuns: 200 },
  );
});

test('a skeleton of a real export is that model without its payloads', () => {
  const bytes = fs.readFileSync(join(ROOT, 'examples/digits/digits.onnx'));
  expect(skeletonOf(bytes)).toEqual(withoutPayloads(plain(bytes)));
});

test('the reader reads almost nothing of large weights', () => {
  const bytes = onnxModel({ ...small, initializers: [initializer('w', 'uint8', [64 << 20], Buffer.alloc(64 << 20))] });
  const read = jest.spyOn(fs, 'readSync');
  skeletonOf(bytes);
  const total = read.mock.results.reduce((sum, { value }) => sum + Number(value), 0);
  read.mockRestore();
  expect(total).toBeGreaterThan(0);
  expect(total).toBeLessThan(32 * 1024);
});

describe('long lists in attributes', () => {
  const attribute = (list: object) =>
    skeletonOf(
      onnxModel({ ...small, nodes: [{ opType: 'Trees', output: ['y'], attribute: [{ name: 'list', ...list }] }] }),
    ) as { graph: { node: { attribute: Record<string, unknown[]>[] }[] } };
  const listed = (list: object) => attribute(list).graph.node[0]?.attribute[0];

  test('are counted, and omitted or truncated', () => {
    expect(listed({ floats: new Array(300).fill(0.5), type: 6 })).toMatchObject({ floats: [], floatsCount: 300 });
    const texts = listed({ strings: new Array(500).fill(Buffer.from('BRANCH_LEQ')), type: 8 });
    expect([texts?.['strings']?.length, texts?.['stringsCount']]).toEqual([102, 500]);
    expect(listed({ ints: [1, 2, 3], type: 7 })).toMatchObject({ ints: ['1', '2', '3'], intsCount: 3 });
  });

  test('of integers are truncated', () => {
    const long = listed({ ints: new Array(5000).fill(7), type: 7 });
    expect(long?.['ints']?.length).toBeLessThan(1025);
    expect(long?.['intsCount']).toBeGreaterThanOrEqual(5000);
  });

  test('are supported as one field for each element, as Python writes them', () => {
    const type = onnxMessage('AttributeProto');
    const one = (value: number) => Buffer.from([(8 << 3) | 0, value]);
    const bytes = Buffer.concat([
      type.encode(type.fromObject({ name: 'list', type: 7 })).finish(),
      ...new Array<Buffer>(3000).fill(one(5)),
    ]);
    const field = (id: number, content: Uint8Array) =>
      Buffer.concat([Buffer.from([(id << 3) | 2]), varint(content.length), content]);
    const model = field(7, field(1, field(5, bytes)));
    const read = skeletonOf(model) as { graph: { node: { attribute: { ints: string[]; intsCount: number }[] }[] } };
    const list = read.graph.node[0]?.attribute[0];
    expect(list?.intsCount).toBe(3000);
    expect(list?.ints).toEqual(new Array(512).fill('5'));
  });
});

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

test('small tensors keep their values', () => {
  const read = skeletonOf(
    onnxModel({ ...small, initializers: [initializer('w', 'int64', [2], BigInt64Array.of(1n, -1n))] }),
  );
  expect(read).toMatchObject({ graph: { initializer: [{ rawData: 'AQAAAAAAAAD//////////w==', rawDataBytes: 16 }] } });
});

const small: ModelParts = {
  inputs: [value('x', 'float', ['n', 4])],
  outputs: [value('y', 'float', ['n', 4])],
  nodes: [node('Add', ['x', 'w'], ['y'], { attributes: { axis: 1, note: 'text', perm: [1, 0] } })],
  initializers: [initializer('w', 'float', [4], new Float32Array(4))],
  metadata: { author: 'me' },
};

describe('damaged bytes give a reported problem or a model, never any other error', () => {
  const whole = onnxModel(small);

  function attempt(bytes: Uint8Array): void {
    fs.writeFileSync(path, bytes);
    problemsOf(() => OnnxModel.fromFile(path, { runtimeCheck: 'skip' }).manifest());
  }

  test('at every truncation', () => {
    for (let length = 0; length <= whole.length; length++) attempt(whole.subarray(0, length));
  });

  test('at every byte', () => {
    for (let at = 0; at < whole.length; at++) {
      for (const byte of [0x00, 0x7f, 0x80, 0xff]) {
        const bytes = Uint8Array.from(whole);
        bytes[at] = byte;
        attempt(bytes);
      }
    }
  });

  test('of any kind', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), attempt), { numRuns: 500 });
  });
});
