/** npm run bench: each figure beside its baseline, both measured in this run, in alternation. */
import { cpus, totalmem } from 'node:os';
import { imageRows } from './image';
import { latencyRows } from './latency';
import { startRows } from './start';
import { synthRows } from './synth';
import type { Row } from './table';
import { markdown } from './table';

async function bench(): Promise<void> {
  const [cpu] = cpus();
  console.log(
    `${cpus().length} x ${cpu?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, ${process.platform}\n`,
  );
  const rows: Row[] = [];
  for (const section of [latencyRows, startRows, synthRows, imageRows]) rows.push(...(await section()));
  console.log(markdown(rows));
}

void bench();
