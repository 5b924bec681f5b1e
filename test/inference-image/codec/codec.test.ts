import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryBudget } from '../../../inference-image/src/budget/memory-budget';
import { Codec } from '../../../inference-image/src/codec/codec';
import { CodecThread } from '../../../inference-image/src/codec/codec-thread';
import type { CodecModel } from '../../../inference-image/src/codec/messages';
import type { Tensor } from '../../../inference-image/src/inference/tensor';
import { InferRequestDecoder } from '../../../inference-image/src/protocol/infer-request';
import { temporaryFolder } from '../../support/temporary-folder';

const SCRIPT = join(__dirname, '..', '..', '..', 'dist', 'inference-image', 'codec.cjs');
const DEADLY = join(temporaryFolder(), 'deadly.cjs');
writeFileSync(
  DEADLY,
  "require('node:worker_threads').parentPort.on('message', () => { throw new Error('it broke'); });",
);

const model: CodecModel = {
  name: 'm',
  version: '1',
  signature: {
    inputs: [{ name: 'x', datatype: 'FP32', dimensions: ['n'] }],
    outputs: [{ name: 'y', datatype: 'FP32', dimensions: ['n'] }],
  },
};
const decoder = new InferRequestDecoder(model.signature);
const codecs: Codec[] = [];

const budget = new MemoryBudget(2 ** 30);
const held = () => budget.open();

/** @param scripts Of the threads to come. */
function codecOf(...scripts: string[]): Codec {
  const startThread = jest.fn(() => new CodecThread(scripts.shift() as string, model));
  codecs.push(new Codec({ model, decoder, startThread, maxQueueLength: 2 }));
  return codecs.at(-1) as Codec;
}

afterAll(() => Promise.all(codecs.map((codec) => codec.close())));

const json = JSON.stringify({ id: 'q', inputs: [{ name: 'x', datatype: 'FP32', shape: [2], data: [1, 2.5] }] });
const small = () => Buffer.from(json);
const large = (text = json) => Buffer.from(text.padEnd(2 ** 21));
const output = (count: number, data = new Float32Array(count).fill(0.1)): Tensor => {
  return { name: 'y', datatype: 'FP32', shape: [count], data };
};

test('what is small is done at once, without a thread', () => {
  const codec = codecOf();
  const request = decoder.decode(small());
  expect(codec.decode(small(), undefined, held())).toEqual(request);
  expect(codec.encode(request, [output(2)], held())).toMatchObject({ body: expect.stringContaining('[0.1,0.1]') });
  // Binary data is only copied.
  expect(codec.encode({ ...request, binary: [true] }, [output(200_000)], held())).toMatchObject({
    body: expect.any(Buffer),
  });
  expect(() => codec.decode(Buffer.alloc(0), undefined, held())).toThrow('the body is empty');
});

test('what is large is done elsewhere, with the same result, many at a time and in any order', async () => {
  const codec = codecOf(SCRIPT);
  const request = decoder.decode(small());
  const decoded = [
    codec.decode(large(), undefined, held()),
    codec.decode(large('[]'), undefined, held()),
    codec.decode(large(), undefined, held()),
  ];
  expect(decoded.every((each) => each instanceof Promise)).toBe(true);
  expect(codec.busy).toBe(true);
  const [first, second, third] = await Promise.allSettled(decoded);
  expect([first, third]).toEqual(Array(2).fill({ status: 'fulfilled', value: request }));
  expect(second).toMatchObject({ reason: { kind: 'invalid', message: 'the request is []; it must be an object' } });
  expect(codec.busy).toBe(false);

  // One of two rows of a batch: the other's data must not go along.
  const batch = new Float32Array(400_000).fill(0.1);
  const { body } = await codec.encode(request, [output(200_000, batch.subarray(0, 200_000))], held());
  expect(JSON.parse(String(body)).outputs[0].data).toHaveLength(200_000);
  expect(batch).toHaveLength(400_000);
});

test('a thread that dies fails what it was asked, and the next large body starts another', async () => {
  const codec = codecOf(DEADLY, SCRIPT);
  const replies = await Promise.allSettled([
    codec.decode(large(), undefined, held()),
    codec.decode(large(), undefined, held()),
  ]);
  expect(replies.map((reply) => (reply as PromiseRejectedResult).reason.message)).toEqual(['it broke', 'it broke']);
  expect(codec.busy).toBe(false);
  expect(await codec.decode(large(), undefined, held())).toMatchObject({ id: 'q' });
});

test('closing waits for the work, and nothing starts again', async () => {
  const codec = codecOf(SCRIPT);
  const reply = codec.decode(large(), undefined, held());
  await codec.close();
  expect(await reply).toMatchObject({ id: 'q' });
  await expect(codec.decode(large(), undefined, held())).rejects.toThrow('the server is shutting down');
});

test('more than may wait are refused at once, and answers never are', async () => {
  const codec = codecOf(SCRIPT);
  const decoded = Array.from({ length: 3 }, () => codec.decode(large(), undefined, held()));
  expect(() => codec.decode(large(), undefined, held())).toThrow('the queue is full: 2 large requests wait already');
  const { body } = await codec.encode(decoder.decode(small()), [output(200_000)], held());
  expect(String(body)).toContain('"shape":[200000]');
  expect(await Promise.all(decoded)).toHaveLength(3);
});
