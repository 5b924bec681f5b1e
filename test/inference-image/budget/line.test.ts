import { setTimeout as sleep } from 'node:timers/promises';
import { Line } from '../../../inference-image/src/budget/line';

test('steps run one at a time and in order, even after a failure', async () => {
  const line = new Line(10, 'steps');
  const done: string[] = [];
  let atWork = 0;
  const step = (name: string, ms: number) => async () => {
    expect(++atWork).toBe(1);
    await sleep(ms);
    atWork--;
    done.push(name);
    if (name === 'b') throw new Error('b fails');
    return name;
  };
  const results = await Promise.allSettled([line.pass(step('a', 5)), line.pass(step('b', 1)), line.pass(step('c', 0))]);
  expect(done).toEqual(['a', 'b', 'c']);
  expect(results).toEqual([
    { status: 'fulfilled', value: 'a' },
    { status: 'rejected', reason: new Error('b fails') },
    { status: 'fulfilled', value: 'c' },
  ]);
  expect(line.busy).toBe(false);
});

test('a limited number of steps wait, and further ones are refused and never run', async () => {
  const line = new Line(2, 'steps');
  let end = () => {};
  const first = line.pass(() => new Promise<void>((resolve) => (end = resolve)));
  const others = [line.pass(async () => 1), line.pass(async () => 2)];
  const late = jest.fn();
  await expect(line.pass(late)).rejects.toThrow('the queue is full: 2 steps are waiting');
  expect(() => line.assertRoom()).toThrow('the queue is full: 2 steps are waiting');
  end();
  await first;
  expect(await Promise.all(others)).toEqual([1, 2]);
  expect(late).not.toHaveBeenCalled();
  line.assertRoom();
});

test('finished resolves after the last step, even if it fails', async () => {
  const line = new Line(2, 'steps');
  await line.finished();
  const failing = line.pass(() => sleep(5).then(() => Promise.reject(new Error('it fails'))));
  let hasFailed = false;
  failing.catch(() => (hasFailed = true));
  await line.finished();
  expect(hasFailed).toBe(true);
});
