import { randomBytes } from 'node:crypto';
import { deflateSync, gzipSync } from 'node:zlib';
import { inflateAtOnce, Inflater, type Coding } from '../../../inference-image/src/budget/inflater';
import { type Holding, MemoryBudget } from '../../../inference-image/src/budget/memory-budget';
import { ServingError } from '../../../inference-image/src/base/errors';

const MIB = 1024 * 1024;
const limit = { bytes: 4 * MIB, error: () => new ServingError('tooLarge', 'too large') };
const small = Buffer.from('x'.repeat(1000));
const large = Buffer.alloc(MIB, 'large');

function setUp(budget = new MemoryBudget(64 * MIB)) {
  const inflater = new Inflater();
  const holding = budget.open();
  const empty = holding.heldBytes;
  const inflate = (bytes: Buffer, coding: Coding = 'gzip', own: Holding = holding, isCancelled = () => false) =>
    inflater.inflate({ bytes, coding, limit, holding: own, isCancelled });
  return { budget, holding, inflate, held: () => holding.heldBytes - empty };
}

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
] as const)(
  '%s: inflates small bodies synchronously and large ones asynchronously, and reserves memory for both',
  async (coding, compress) => {
    const { inflate, held } = setUp();
    expect(inflate(compress(small), coding)).toEqual(small);
    expect(held()).toBe(small.length);
    const later = inflate(compress(large), coding);
    expect(later).toBeInstanceOf(Promise);
    expect(large.equals(await later)).toBe(true);
    expect(held()).toBe(small.length + large.length);
  },
);

test('simultaneous requests are inflated one after the other, in order', async () => {
  const { budget, inflate } = setUp(new MemoryBudget(200 * MIB));
  const bytes = gzipSync(large);
  const order: number[] = [];
  const holdings = Array.from({ length: 65 }, () => budget.open());
  const atWork: number[] = [];
  const all = holdings.map(async (own, i) => {
    await inflate(bytes, 'gzip', own);
    order.push(i);
    own.release();
    atWork.push(holdings.filter(({ heldBytes }) => heldBytes > 20_000).length);
  });
  await Promise.all(all);
  expect(order).toEqual(holdings.map((_, i) => i));
  // The next body may have begun, and a body that may be short may be tried at the same time.
  expect(Math.max(...atWork)).toBeLessThanOrEqual(2);
});

test('a short request overtakes many waiting long ones, and only long ones are refused', async () => {
  const { budget, inflate } = setUp(new MemoryBudget(200 * MIB));
  const bomb = gzipSync(Buffer.alloc(4 * MIB));
  const ended: string[] = [];
  const bombs = Array.from({ length: 80 }, async () => {
    const own = budget.open();
    await Promise.resolve(inflate(bomb, 'gzip', own)).then(
      () => ended.push('long'),
      (error: Error) => ended.push(error.message),
    );
    own.release();
  });
  // This text is too large to be inflated synchronously.
  const text = randomBytes(4 * 1024).toString('base64');
  const inflated = await inflate(gzipSync(text));
  ended.push(inflated.toString() === text ? 'short' : 'wrong');
  await Promise.all(bombs);
  expect(ended.indexOf('short')).toBeLessThan(20);
  const count = (text: string) => ended.filter((end) => end === text).length;
  // Some bodies are inflated while others are still being tried as short ones.
  expect(count('long')).toBeGreaterThanOrEqual(65);
  expect(count('the queue is full: 64 long compressed requests are waiting')).toBe(80 - count('long'));
  expect(count('long')).toBeLessThan(80);
});

test.each<[string, Buffer, string]>([
  ['more than the limit', gzipSync(Buffer.alloc(5 * MIB)), 'too large'],
  [
    'truncated data',
    gzipSync(large).subarray(0, 1000),
    'the request is declared as gzip data but is not: unexpected end',
  ],
  ['uncompressed data', small, 'the request is declared as gzip data but is not: incorrect header check'],
])('refuses %s, and continues with waiting requests', async (_, bytes, error) => {
  const { inflate } = setUp();
  const refused = (async () => inflate(bytes))();
  const next = inflate(gzipSync(large));
  await expect(refused).rejects.toThrow(error);
  expect(large.equals(await next)).toBe(true);
});

test('refuses a request if the budget has no room for it', async () => {
  const { inflate } = setUp(new MemoryBudget(MIB));
  await expect(inflate(gzipSync(large))).rejects.toThrow(/^the request takes \d+ bytes of memory/);
});

test('stops when the client disconnects, and continues with waiting requests', async () => {
  const { inflate } = setUp();
  const bytes = gzipSync(large);
  let isGone = false;
  const first = inflate(bytes, 'gzip', undefined, () => isGone);
  const second = inflate(bytes);
  isGone = true;
  await expect(first).rejects.toThrow('the client disconnected before its request was decompressed');
  expect(large.equals(await second)).toBe(true);
});

test('inflateAtOnce inflates synchronously for small limits, whatever the size of the body', () => {
  const few = { ...limit, bytes: 2000 };
  expect(inflateAtOnce(gzipSync(small), 'gzip', few)).toEqual(small);
  expect(() => inflateAtOnce(gzipSync(large), 'gzip', few)).toThrow('too large');
});
