import { join } from 'node:path';
import { WorkerExecutor } from './inference/worker-executor';
import { Signals } from './signals';

const signals = new Signals();
const startExecutor = () => new WorkerExecutor(join(__dirname, 'executor.cjs'));

// The first executor's thread starts before the rest of the server loads, since both take about as long.
const first = startExecutor();
void import('./main.js').then(({ main }) => main(first, startExecutor, signals));
