import { type Sliced, SlicedWork } from '../../../inference-image/src/base/sliced-work';

const KIB = 1024;

function* slices(log: string[], name: string, count: number): Sliced<string> {
  for (let i = 1; i <= count; i++) {
    log.push(`${name}${i}`);
    if (i < count) yield;
  }
  return name;
}

test('runs every first slice at once, then one slice in each turn', async () => {
  const work = new SlicedWork();
  const log: string[] = [];
  const done = [work.do(slices(log, 'a', 3)), work.do(slices(log, 'b', 1)), work.do(slices(log, 'c', 2))];
  expect(log).toEqual(['a1', 'b1', 'c1']);
  expect(done[1]).toBe('b');
  expect(await Promise.all(done)).toEqual(['a', 'b', 'c']);
  expect(log.slice(3)).toEqual(['a2', 'c2', 'a3']);
  expect(work.busy).toBe(false);
});

test('runs only some long first slices in a turn', async () => {
  const work = new SlicedWork();
  const log: string[] = [];
  const names = ['a', 'b', 'c', 'd'];
  const done = names.map((name) => work.doInTurn(slices(log, name, 1), 30 * KIB));
  expect(log).toEqual(['a1', 'b1']);
  expect(done.slice(0, 2)).toEqual(['a', 'b']);
  setImmediate(() => log.push('next turn'));
  expect(await Promise.all(done)).toEqual(names);
  expect(log.slice(2)).toEqual(['c1', 'next turn', 'd1']);
  await new Promise(setImmediate);
  // The first piece of work in a turn is done at once, whatever its size.
  expect(work.doInTurn(slices(log, 'e', 1), 200 * KIB)).toBe('e');
});
