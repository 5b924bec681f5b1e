import { MemoryBudget } from '../../../inference-image/src/budget/memory-budget';
import { BodyParts } from '../../../inference-image/src/budget/body-parts';
import { seededRandom } from '../../../inference-image/src/tools/made-up-requests';

/** Chunk as a socket emits it: a view of a read buffer. The chunk has `bytes` bytes, and the buffer has `of` bytes. */
function chunk(bytes: number, of = bytes): Buffer {
  return Buffer.from(new ArrayBuffer(of), 0, bytes).fill(bytes % 251);
}

function setUp(totalBytes = 2 ** 30) {
  const holding = new MemoryBudget(totalBytes).open();
  return { holding, parts: new BodyParts(holding), empty: holding.heldBytes };
}

test('joins chunks of any size, and then reserves memory only for the body', () => {
  const random = seededRandom(1);
  for (let round = 0; round < 20; round++) {
    const { holding, parts, empty } = setUp();
    const chunks = Array.from({ length: 1 + Math.floor(random() * 20) }, () => {
      const bytes = Math.floor(10 ** (random() * 4.5));
      return chunk(bytes, random() < 0.5 ? bytes : bytes + Math.floor(random() * 65_536));
    });
    for (const part of chunks) parts.append(part);
    const body = parts.join();
    expect(Buffer.compare(body, Buffer.concat(chunks))).toBe(0);
    expect(holding.heldBytes - empty).toBe(body.length);
  }
});

test.each([
  ['of one byte', 1, 1],
  ['of one byte from a large read', 1, 65_536],
  ['of a few kilobytes', 3000, 3000],
  ['of half of a read', 10_000, 20_000],
])('reserves little more memory than the bytes of chunks %s', (_, bytes, of) => {
  const { holding, parts, empty } = setUp();
  const total = 2000 * bytes;
  const same = chunk(bytes, of);
  for (let i = 0; i < 2000; i++) parts.append(same);
  expect(holding.heldBytes - empty).toBeGreaterThanOrEqual(total);
  expect(holding.heldBytes - empty).toBeLessThanOrEqual(2 * total + 4096);
});

test('does not keep a chunk that does not fit', () => {
  const { holding, parts } = setUp(100_000);
  parts.append(chunk(50_000));
  const { heldBytes } = holding;
  expect(() => parts.append(chunk(50_000))).toThrow(expect.objectContaining({ kind: 'tooLarge' }));
  expect([parts.length, holding.heldBytes]).toEqual([50_000, heldBytes]);
});
