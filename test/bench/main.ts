/** npm run bench [-- SECTION… --quick]: measures each figure and its baseline alternately, in the same run. */
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { capacity } from './capacity';
import { footprint } from './footprint';
import { grpc } from './grpc';
import { imageRows } from './image';
import { latencyRows } from './latency';
import { stopGenerator } from './load/generator';
import { overload } from './overload';
import { QUICK, WHOLE, type Effort, type Report } from './report';
import { serving } from './serving';
import { startRows } from './start';
import { synthRows } from './synth';
import { markdown, type Row } from './table';

const SECTIONS: Record<string, (effort: Effort) => Report | Promise<Report>> = {
  serving,
  overload,
  grpc,
  footprint,
  latency: async () => ({ rows: await latencyRows() }),
  start: async () => ({ rows: await startRows() }),
  synth: () => ({ rows: synthRows() }),
  image: () => ({ rows: imageRows() }),
  capacity,
};

async function bench(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { quick: { type: 'boolean' } } });
  const names = positionals.length ? positionals : Object.keys(SECTIONS);
  const unknown = names.filter((name) => !SECTIONS[name]);
  if (unknown.length)
    throw new Error(`there is no section ${unknown}; the sections are ${Object.keys(SECTIONS).join(', ')}`);
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  console.log(`${cpus().length} x ${cpu?.model.trim()}, ${memory} GiB, Node ${process.version}, ${process.platform}\n`);
  const rows: Row[] = [];
  for (const name of names) {
    const report = await sectionReport(name, values.quick ? QUICK : WHOLE);
    for (const figures of report.figures ?? []) console.log(`${figures}\n`);
    rows.push(...report.rows);
  }
  stopGenerator();
  console.log(`### Targets\n\n${markdown(rows)}`);
}

/** Runs a section. Reports a failure as a row of the section, so that the other sections still run. */
async function sectionReport(name: string, effort: Effort): Promise<Report> {
  try {
    return await SECTIONS[name]!(effort);
  } catch (error) {
    process.exitCode = 1;
    return { rows: [{ what: name, ours: `failed: ${(error as Error).message}`, baseline: '', ratio: '', target: '' }] };
  }
}

void bench();
