import { join } from 'node:path';
import { WorkerExecutor } from '../inference/worker-executor';
import { Signals } from '../host/signals';

const signals = new Signals();
const startExecutor = () => new WorkerExecutor(join(__dirname, 'executor.cjs'));

// Starts the first executor's thread before the rest of the server is loaded, because both take about the same time.
const first = startExecutor();
void import('../host/main.js').then(({ main }) => main(first, startExecutor, signals));
