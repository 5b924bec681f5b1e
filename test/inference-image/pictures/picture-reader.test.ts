import { MemoryBudget } from '../../../inference-image/src/budget/memory-budget';
import type { PictureInput } from '../../../inference-image/src/contract/picture-input';
import { PictureReader } from '../../../inference-image/src/pictures/picture-reader';
import type { PictureThread } from '../../../inference-image/src/pictures/picture-thread';
import { PICTURE } from '../../support/picture-input';
import { png } from '../../support/png';

const SPEC: PictureInput = { ...PICTURE, shape: [1, 8, 16, 3], width: 16, height: 8, maxPixels: 4_000_000 };

/** A decoder that answers only when the test calls `answer`. */
class StuckThread {
  private readonly waiting: (() => void)[] = [];
  readonly ended = new Promise<void>(() => {});

  ask(): Promise<Uint8Array> {
    return new Promise((resolve) => this.waiting.push(() => resolve(new Uint8Array(16 * 8 * 3))));
  }

  async close(): Promise<void> {}

  answer(): void {
    this.waiting.shift()?.();
  }
}

/** File that declares the given size; no test decodes it. */
function picture(width: number, height: number): Buffer {
  const body = png('gray', 1, [[7]]);
  body.writeUInt32BE(width, 16);
  body.writeUInt32BE(height, 20);
  return body;
}

test('the number of waiting pictures is limited by their total pixels: many small ones may wait, and few large ones', async () => {
  const budget = new MemoryBudget(1e9);
  const thread = new StuckThread();
  const reader = new PictureReader({
    spec: SPEC,
    outputs: [],
    startThread: () => thread as unknown as PictureThread,
    maxQueueLength: 1000,
    maxQueueBytes: 1e9,
    queueTimeoutSeconds: 60,
  });
  const refusals: string[] = [];
  const served: Promise<unknown>[] = [];
  const send = (width: number, height: number) =>
    served.push(
      reader
        .decode(picture(width, height), () => false, budget.open())
        .catch((error: Error) => refusals.push(error.message)),
    );

  for (let i = 0; i < 17; i++) send(2000, 2000);
  await new Promise(setImmediate);
  expect(refusals).toEqual(['the queue is full: pictures totalling 64000000 pixels are already waiting']);

  const answering = setInterval(() => thread.answer(), 1);
  await Promise.all(served);
  refusals.length = 0;
  for (let i = 0; i < 800; i++) send(200, 200);
  await Promise.all(served);
  clearInterval(answering);
  expect(refusals).toEqual([]);
});
