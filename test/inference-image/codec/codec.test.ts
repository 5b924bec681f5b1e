import { constants } from 'node:buffer';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../support/root';
import { MemoryBudget } from '../../../inference-image/src/budget/memory-budget';
import { Codec } from '../../../inference-image/src/codec/codec';
import { CodecThread } from '../../../inference-image/src/codec/codec-thread';
import type { CodecModel } from '../../../inference-image/src/codec/messages';
import type { Tensor } from '../../../inference-image/src/tensor/tensor';
import { InferRequestDecoder } from '../../../inference-image/src/protocol/infer-request';
import { InferResponseEncoder } from '../../../inference-image/src/protocol/infer-response';
import { temporaryFolder } from '../../support/temporary-folder';

const SCRIPT = join(ROOT, 'dist/inference-image/codec.cjs');
const DEADLY = join(temporaryFolder(), 'deadly.cjs');
writeFileSync(
  DEADLY,
  "require('node:worker_threads').parentPort.on('message', () => { throw new Error('it broke'); });",
);

const GREEDY = join(temporaryFolder(), 'greedy.cjs');
writeFileSync(
  GREEDY,
  "const all = []; require('node:worker_threads').parentPort.on('message', () => { for (;;) all.push(new Array(1e5).fill(all)); });",
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

/** Creates a codec. @param scripts Scripts of the threads that the codec will start, in order */
function codecOf(...scripts: string[]): Codec {
  return codecWithQueue(2, ...scripts);
}

function codecWithQueue(maxQueueLength: number, ...scripts: string[]): Codec {
  const startThread = jest.fn(() => new CodecThread(scripts.shift() as string, model));
  codecs.push(new Codec({ model, decoder, startThread, maxQueueLength }));
  return codecs.at(-1) as Codec;
}

afterAll(() => Promise.all(codecs.map((codec) => codec.close())));

const json = JSON.stringify({ id: 'q', inputs: [{ name: 'x', datatype: 'FP32', shape: [2], data: [1, 2.5] }] });
const small = () => Buffer.from(json);
const large = (text = json) => Buffer.from(text.padEnd(2 ** 21));
const output = (count: number, data = new Float32Array(count).fill(0.1)): Tensor => {
  return { name: 'y', datatype: 'FP32', shape: [count], data };
};

test('processes small bodies synchronously, without a thread', () => {
  const codec = codecOf();
  const request = decoder.decode(small());
  expect(codec.decode(small(), undefined, held())).toEqual(request);
  expect(codec.encode(request, [output(2)], held())).toMatchObject({ body: expect.stringContaining('[0.1,0.1]') });
  // Binary data is only copied, which needs no thread.
  expect(codec.encode({ ...request, binary: [true] }, [output(200_000)], held())).toMatchObject({
    body: expect.any(Buffer),
  });
  expect(() => codec.decode(Buffer.alloc(0), undefined, held())).toThrow('the body is empty');
});

test('processes medium bodies in slices over several turns of the event loop', async () => {
  const codec = codecWithQueue(30);
  const request = decoder.decode(small());
  const body = () => Buffer.from(json.padEnd(40 * 1024));
  let turns = 0;
  const count = () => {
    turns++;
    if (codec.busy) setImmediate(count);
  };
  const [first, ...rest] = Array.from({ length: 30 }, () => codec.decode(body(), undefined, held()));
  expect(first).toEqual(request);
  expect(rest.every((each) => each instanceof Promise)).toBe(true);
  setImmediate(count);
  expect(await Promise.all(rest)).toEqual(rest.map(() => request));
  expect(turns).toBeGreaterThanOrEqual(rest.length - 1);
  // A body that is the only one in a turn of the event loop does not have to wait.
  await new Promise(setImmediate);
  expect(codec.decode(body(), undefined, held())).toEqual(request);
});

test('limits the number of medium bodies that wait', async () => {
  const codec = codecWithQueue(10);
  const body = () => Buffer.from(json.padEnd(40 * 1024));
  const all = Array.from({ length: 12 }, () => codec.decode(body(), undefined, held()));
  expect(() => codec.decode(body(), undefined, held())).toThrow('the queue is full: 10 large requests are waiting');
  await Promise.all(all);
});

test('processes several large bodies at a time on a thread, with the same results', async () => {
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

  // The output is one of two rows of a batch. The data of the other row must not be transferred with it.
  const batch = new Float32Array(400_000).fill(0.1);
  const { body } = await codec.encode(request, [output(200_000, batch.subarray(0, 200_000))], held());
  expect(JSON.parse(String(body)).outputs[0].data).toHaveLength(200_000);
  expect(batch).toHaveLength(400_000);
});

test('a thread that exits fails its pending bodies, and the next large body starts a new one', async () => {
  const codec = codecOf(DEADLY, SCRIPT);
  const replies = await Promise.allSettled([
    codec.decode(large(), undefined, held()),
    codec.decode(large(), undefined, held()),
  ]);
  expect(replies.map((reply) => (reply as PromiseRejectedResult).reason.message)).toEqual(['it broke', 'it broke']);
  expect(codec.busy).toBe(false);
  expect(await codec.decode(large(), undefined, held())).toMatchObject({ id: 'q' });
});

test('close waits for pending work, and no thread starts afterwards', async () => {
  const codec = codecOf(SCRIPT);
  const reply = codec.decode(large(), undefined, held());
  await codec.close();
  expect(await reply).toMatchObject({ id: 'q' });
  await expect(codec.decode(large(), undefined, held())).rejects.toThrow('the server is shutting down');
});

test('refuses requests beyond the queue limit at once, but never responses', async () => {
  const codec = codecOf(SCRIPT);
  const decoded = Array.from({ length: 3 }, () => codec.decode(large(), undefined, held()));
  expect(() => codec.decode(large(), undefined, held())).toThrow('the queue is full: 2 large requests are waiting');
  const { body } = await codec.encode(decoder.decode(small()), [output(200_000)], held());
  expect(String(body)).toContain('"shape":[200000]');
  expect(await Promise.all(decoded)).toHaveLength(3);
});

describe('memory', () => {
  test('a thread that exceeds its memory limit exits without affecting the process or the next body', async () => {
    const scripts = [GREEDY, SCRIPT];
    const startThread = () => new CodecThread(scripts.shift() as string, model, 16);
    const codec = new Codec({ model, decoder, startThread, maxQueueLength: 2 });
    codecs.push(codec);
    const replies = await Promise.allSettled([
      codec.decode(large(), undefined, held()),
      codec.decode(large(), undefined, held()),
    ]);
    for (const reply of replies) expect(reply).toMatchObject({ reason: { code: 'ERR_WORKER_OUT_OF_MEMORY' } });
    expect(await codec.decode(large(), undefined, held())).toMatchObject({ id: 'q' });
  });

  const many = (count: number, datatype = 'FP32') =>
    Buffer.from(
      json
        .replace('[2]', `[${count}]`)
        .replace('[1,2.5]', `[${'1,'.repeat(count - 1)}1]`)
        .replace('FP32', datatype),
    );

  test('reserves memory for inputs before they are decoded', async () => {
    const codec = codecOf(SCRIPT);
    const small = new MemoryBudget(2 ** 21);
    const refused = small.open();
    await expect(codec.decode(many(800_000), undefined, refused)).rejects.toMatchObject({ kind: 'tooLarge' });
    refused.release();
    expect(small.heldBytes).toBe(0);
    const holding = new MemoryBudget(2 ** 23).open();
    const before = holding.heldBytes;
    await codec.decode(many(800_000), undefined, holding);
    expect(holding.heldBytes - before).toBe(3_200_000);
  });

  test('reserves no memory for a disconnected client', async () => {
    const codec = codecOf(SCRIPT);
    const ours = new MemoryBudget(2 ** 25);
    const holding = ours.open();
    const decoded = codec.decode(many(800_000), undefined, holding);
    holding.release();
    await expect(decoded).rejects.toMatchObject({ kind: 'cancelled' });
    const request = decoder.decode(small());
    expect(() => codec.encode(request, [output(2)], holding)).toThrow('the request has already ended');
    expect(ours.heldBytes).toBe(0);
    expect(codec.busy).toBe(false);
  });

  test('an answer reserves memory for its outputs and its text, including the UTF-8 copy of a string', async () => {
    const codec = codecOf(SCRIPT);
    const request = decoder.decode(small());
    for (const [answer, binary] of [
      [output(2), false],
      [output(2), true],
      [output(200_000), false],
    ] as const) {
      const holding = new MemoryBudget(2 ** 24).open();
      const before = holding.heldBytes;
      // Computed now, because encoding transfers the array of a large output to the thread.
      const outputBytes = 4 * answer.data.length;
      const { body } = await codec.encode({ ...request, binary: [binary] }, [answer], holding);
      const textBytes = typeof body === 'string' ? 2 * body.length : body.length;
      expect(holding.heldBytes - before).toBe(outputBytes + textBytes);
    }
  });

  test('P10 refuses an answer that is too long as JSON before writing it, and suggests binary data', () => {
    const codec = codecOf();
    const request = decoder.decode(small());
    const holding = new MemoryBudget(2 ** 20).open();
    expect(() => codec.encode(request, [output(100_000)], holding)).toThrow(
      /^the answer and its outputs take up to .* ask for binary data/,
    );
    const claimed = { ...output(0), shape: [2 ** 25] };
    for (const datatype of ['FP32', 'FP64', 'INT64', 'INT32'] as const) {
      expect(() => codec.encode(request, [{ ...claimed, datatype, shape: [2 ** 26] }], held())).toThrow(
        /^the answer takes up to \d+ bytes as JSON, and the limit is \d+ bytes; ask for binary data/,
      );
    }
    expect(() => codec.encode({ ...request, binary: [true] }, [claimed], held())).not.toThrow();
  });

  test('P10 refuses JSON that exceeds the maximum length of a string', () => {
    const body = Buffer.alloc(constants.MAX_STRING_LENGTH + 1);
    for (const jsonLength of [undefined, body.length]) {
      expect(() => codecOf().decode(body, jsonLength, held())).toThrow(expect.objectContaining({ kind: 'tooLarge' }));
    }
  });
});

describe('strings', () => {
  const textModel: CodecModel = {
    ...model,
    signature: {
      inputs: [{ name: 'x', datatype: 'BYTES', dimensions: ['n'] }],
      outputs: [{ name: 'y', datatype: 'BYTES', dimensions: ['n'] }],
    },
  };
  const codecOfTexts = () => {
    const startThread = () => new CodecThread(SCRIPT, textModel);
    codecs.push(
      new Codec({
        model: textModel,
        decoder: new InferRequestDecoder(textModel.signature),
        startThread,
        maxQueueLength: 2,
      }),
    );
    return codecs.at(-1) as Codec;
  };
  const texts = (count: number, length: number) =>
    Array.from({ length: count }, (_, i) => `${i} "é\n${'~'.repeat(i % length)}`);
  const kinds = [
    texts(10, 5),
    texts(60_000, 30),
    texts(300, 9000),
    ['~'.repeat(3_000_000), `x${'😀é'.repeat(700_000)}`],
  ];

  test.each(kinds.map((each) => [each.length, each]))('%d strings make the round trip', async (_, given) => {
    const codec = codecOfTexts();
    const tensor: Tensor = { name: 'y', datatype: 'BYTES', shape: [given.length], data: given };
    const request = { inputs: [], outputs: ['y'], binary: [false] };
    const { body } = await codec.encode(request, [tensor], held());
    const { outputs } = JSON.parse(String(body));
    expect(outputs[0].data).toEqual(given);

    const json = Buffer.from(JSON.stringify({ inputs: [{ ...tensor, name: 'x' }] }));
    const decoded = await codec.decode(json, undefined, held());
    expect(decoded.inputs).toEqual([{ ...tensor, name: 'x' }]);

    const binary = await codec.encode({ ...request, binary: [true] }, [tensor], held());
    const blob = (binary.body as Buffer).subarray(binary.jsonLength);
    expect((await codec.decode(blob, 0, held())).inputs).toEqual([{ ...tensor, name: 'x' }]);
  });

  test('are refused if invalid, at any position', async () => {
    const codec = codecOfTexts();
    const blob = Buffer.alloc(5 * 60_000);
    for (let at = 0; at < blob.length; at += 5) blob.set([1, 0, 0, 0, 65], at);
    blob.set([4, 0, 0, 0], blob.length - 5);
    expect(() => codec.decode(blob, 0, held())).toThrow('ends in the middle of element 59999');
    blob.set([1, 0, 0, 0, 0xff], blob.length - 5);
    await expect(async () => codec.decode(blob, 0, held())).rejects.toThrow(
      'element 59999 of its binary data is not UTF-8',
    );
    const many = Buffer.alloc(4 * 70_000);
    expect(() => codec.decode(many, 0, held())).toThrow('the limit is 65536');
  });

  test('in the same answer as large numbers', async () => {
    const codec = codecOf(SCRIPT);
    const words = texts(20_000, 50);
    const request = { inputs: [], outputs: ['y', 'z'], binary: [false, false], id: '7' };
    const tensors: Tensor[] = [output(200_000), { name: 'z', datatype: 'BYTES', shape: [words.length], data: words }];
    const { body } = await codec.encode(request, tensors, held());
    expect(JSON.parse(String(body))).toMatchObject({ id: '7', outputs: [{ name: 'y' }, { name: 'z', data: words }] });
  });

  test('as binary data with large numbers, in either order', async () => {
    const codec = codecOf(SCRIPT);
    const words = texts(20_000, 50);
    const text: Tensor = { name: 'z'.repeat(3000), datatype: 'BYTES', shape: [words.length], data: words };
    for (const binary of [
      [false, true],
      [true, true],
      [true, false],
    ]) {
      const request = { inputs: [], outputs: ['y', 'z'], binary, id: '\u0001'.repeat(1024) };
      const plain = new InferResponseEncoder(model).encode(request, [output(1_500_000), text]);
      const response = await codec.encode(request, [output(1_500_000), text], held());
      expect(response.jsonLength).toBe(plain.jsonLength);
      expect(Buffer.compare(response.body as Buffer, plain.body as Buffer)).toBe(0);
    }
  });
});
