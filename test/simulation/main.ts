/**
 * npm run test:simulation [-- --schedules N --seed N --trace --plant BUG]: tests the server's queues, budget and
 * shutdown under simulated time.
 */
import { parseArgs } from 'node:util';
import { plant } from './planted-bugs';
import { simulate } from './simulate';

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    plant: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
});
const schedules = Number(values.schedules);
if (values.plant !== undefined) plant(values.plant);
const began = performance.now();

void simulate({ schedules, seed: Number(values.seed), say: values.trace ? console.log : undefined }).then((outcome) => {
  const seconds = (performance.now() - began) / 1000;
  console.log({ ...outcome, seconds, schedulesPerSecond: Math.round(outcome.schedules / seconds) });
  if (!outcome.violation) return;
  const { seed, what } = outcome.violation;
  console.log(`${what}\nto repeat it with all events: npm run test:simulation -- --schedules 1 --trace --seed ${seed}`);
  process.exitCode = 1;
});
