import { join } from 'node:path';
import { ROOT } from '../support/root';
import { staged } from './models';
import { startNode, startServer } from './processes';
import { atMost, ratioRow, type Row } from './table';

const ROUNDS = 11;
const DIGITS = join(ROOT, 'examples/digits/digits.onnx');

const BARE = `
require('onnxruntime-node').InferenceSession.create(process.argv[1], { intraOpNumThreads: 1 })
  .then(() => { console.log('{"msg":"ready"}'); setInterval(() => {}, 1000); });`;

/** Measures the time from spawn to ready. Our server checks hashes, loads the model, warms it up and listens. */
export async function startRows(): Promise<Row[]> {
  const context = staged(DIGITS);
  const samples = { bare: [] as number[], ours: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    const bare = await startNode(['-e', BARE, DIGITS]);
    await bare.stop();
    const ours = await startServer(context);
    await ours.stop();
    samples.bare.push(bare.startMs);
    samples.ours.push(ours.startMs);
  }
  return [ratioRow('start to ready, against bare Node that loads the session', samples.ours, samples.bare, atMost(2))];
}
