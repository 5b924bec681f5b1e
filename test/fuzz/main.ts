/** npm run fuzz [-- --requests N --seed N --only INDEX]: malformed requests to the very bundle; it must stand them all. */
import { parseArgs } from 'node:util';
import { fuzz } from './fuzz';

const { values } = parseArgs({
  options: { requests: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' } },
});

void fuzz({
  requests: Number(values.requests ?? 200_000),
  seed: Number(values.seed ?? 1),
  only: values.only === undefined ? undefined : Number(values.only),
}).then((passed) => {
  process.exitCode = passed ? 0 : 1;
});
