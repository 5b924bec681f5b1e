import fc from 'fast-check';
import { Fifo } from '../../../inference-image/src/inference/job-queue';

const items = (fifo: Fifo<{ id: number }>) => {
  const found: number[] = [];
  for (let at = fifo.start; at < fifo.end; at++) {
    const item = fifo.at(at);
    if (item) found.push(item.id);
  }
  return found;
};

test('has the same content as a list after any additions and removals', () => {
  const step = fc.oneof({ weight: 3, arbitrary: fc.constant('push' as const) }, { weight: 2, arbitrary: fc.nat(1000) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600, size: 'max' }), (steps) => {
      const fifo = new Fifo<{ id: number }>();
      const list: number[] = [];
      steps.forEach((each, id) => {
        if (each === 'push') {
          fifo.push({ id });
          list.push(id);
        } else if (list.length > 0) {
          // Removes items mostly from the front, as a queue does.
          const [gone] = list.splice(each % Math.min(4, list.length), 1);
          for (let at = fifo.start; at < fifo.end; at++) if (fifo.at(at)?.id === gone) fifo.removeAt(at);
        }
        expect([fifo.length, items(fifo)]).toEqual([list.length, list]);
      });
    }),
    { numRuns: 30 },
  );
});

test('does not grow with removed items', () => {
  const fifo = new Fifo<object>();
  fifo.push({});
  for (let i = 0; i < 10_000; i++) {
    fifo.push({});
    fifo.removeAt(fifo.start);
  }
  expect([fifo.length, fifo.end < 200]).toEqual([1, true]);
});
