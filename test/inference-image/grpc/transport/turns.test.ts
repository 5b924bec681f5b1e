import { CALL_WORK, Turns, type Source } from '../../../../inference-image/src/grpc/transport/turns';

/** Source that adds the work of the given number of calls each time it is read. */
class Busy implements Source {
  private static readings = 0;
  readonly readIn: number[] = [];
  isReading = true;
  /** Position in the order of reading. A source that resumes reading becomes the last one. */
  place = 0;

  constructor(
    private readonly turns: Turns,
    private readonly calls: number,
  ) {
    turns.join(this);
  }

  read(turn: number): void {
    if (!this.isReading) return;
    this.readIn.push(turn);
    for (let call = 0; call < this.calls; call++) this.turns.add(this, CALL_WORK);
  }

  stopReading(): void {
    this.isReading = false;
  }

  resumeReading(): void {
    this.isReading = true;
    this.place = ++Busy.readings;
  }
}

async function read(sources: readonly Busy[], turnCount: number): Promise<void> {
  for (let turn = 0; turn < turnCount; turn++) {
    for (const source of [...sources].sort((a, b) => a.place - b.place)) source.read(turn);
    await new Promise(setImmediate);
  }
}

test('a source is read in a turn until it reaches its limit, and then in the next turn', async () => {
  const turns = new Turns();
  const [many, few] = [new Busy(turns, 16), new Busy(turns, 1)];
  for (let read = 0; read < 10; read++) few.read(0);
  many.read(0);
  expect([many.isReading, few.isReading]).toEqual([false, true]);
  await new Promise(setImmediate);
  expect([many.isReading, few.isReading]).toEqual([true, true]);
});

test('many busy sources take turns, and all get the same number of turns', async () => {
  const turns = new Turns();
  const sources = Array.from({ length: 20 }, () => new Busy(turns, 8));
  const one = new Busy(turns, 1);
  // Each full turn is followed by a turn in which nothing is read.
  await read([...sources, one], 200);
  const counts = sources.map(({ readIn }) => readIn.length);
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(3);
  // The work of four sources fills a turn. The first turns are different, because no source was paused before them.
  const inOne = (turn: number) => sources.filter(({ readIn }) => readIn.includes(turn)).length;
  for (let turn = 2; turn < 200; turn++) expect(inOne(turn)).toBeLessThanOrEqual(5);
  expect(Math.min(...counts)).toBeGreaterThan(15);
  // A source with little work waits at most for the turns of the busy sources.
  expect(one.readIn.length).toBeGreaterThan(15);
});

test('a full turn reads nothing more, even if sources are still unread', async () => {
  const turns = new Turns();
  const sources = Array.from({ length: 50 }, () => new Busy(turns, 20));
  await read(sources, 1);
  expect(sources.filter(({ readIn }) => readIn.length > 0)).toHaveLength(2);
  const late = new Busy(turns, 1);
  await read([...sources, late], 400);
  for (const { readIn } of sources) expect(readIn.length).toBeGreaterThan(2);
  // A source with little work waits at most for a few turns.
  expect(late.readIn.length).toBeGreaterThan(50);
});

test('a removed source is not read again', async () => {
  const turns = new Turns();
  const gone = new Busy(turns, 16);
  gone.read(0);
  turns.delete(gone);
  await new Promise(setImmediate);
  expect(gone.isReading).toBe(false);
});
