/**
 * npm run fuzz [-- --requests N --seed N --only INDEX]: sends malformed requests to the server's bundle, which must
 * survive them.
 */
import { parseArgs } from 'node:util';
import { fuzz, replay } from './fuzz';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});
const seed = Number(values.seed);
const run =
  values.only === undefined ? fuzz({ requests: Number(values.requests), seed }) : replay(seed, Number(values.only));

void run.then((passed) => {
  process.exitCode = passed ? 0 : 1;
});
