/**
 * npm run bench:pairs -- OTHER [--pairs N] [--seconds N] [--only TEXT]: compares this checkout with another checkout of
 * the repository; both must be built. Each figure is measured in pairs, one measurement per checkout. Prints the
 * median, minimum and maximum of the ratios of the pairs.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../support/root';
import { requestBytes } from '../../lib/measuring/http-connection';
import { generate, stopGenerator } from './load/generator';
import { folder } from './models';
import { startServer, type Started } from './processes';
import { servingModel, type ModelName, type ServingModel } from './serving-models';
import { type Exchange, v2Binary, v2Json } from './subjects/exchange';
import { median } from '../../lib/base/quantile';
import { count, latency, table } from './table';

const CLIENTS = 16;
const WARM_UP_SECONDS = 1;
/** Clock ticks per second in /proc: 100 on every Linux that Node runs on (`getconf CLK_TCK`). */
const TICKS_A_SECOND = 100;
const HERE = ROOT;

/** Measures figures of one checkout. */
type Measure = (checkout: string) => Promise<Record<string, number>>;

async function pairs(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      pairs: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '3' },
      only: { type: 'string', default: '' },
    },
  });
  const [other] = positionals;
  if (other === undefined) throw new Error('pass the folder of another built checkout');
  const seconds = Number(values.seconds);
  const measures: Record<string, Measure> = {
    start: start(servingModel('tiny')),
    synth: async (checkout) => ({ 'warm synth, ms': synth(checkout, servingModel('tiny').file) }),
    ...Object.fromEntries(
      (['tiny', 'mlp'] as ModelName[]).flatMap((name) =>
        [v2Json, v2Binary].map((exchange) => [
          `${name} ${exchange === v2Json ? 'JSON' : 'binary'}`,
          throughput(servingModel(name), exchange(name, servingModel(name)), seconds),
        ]),
      ),
    ),
  };
  const rows: string[][] = [];
  for (const [name, measure] of Object.entries(measures).filter(([name]) => name.includes(values.only))) {
    rows.push(...(await measured(name, measure, resolve(other), Number(values.pairs))));
  }
  stopGenerator();
  console.log(table(['', 'here', 'other', 'ratio: median', 'minimum', 'maximum'], rows));
}

async function measured(name: string, measure: Measure, other: string, rounds: number): Promise<string[][]> {
  const [ours, theirs]: Record<string, number>[][] = [[], []];
  // Work that is done only once per model, such as a cold synth or staging a context, is done before the measurement.
  for (const checkout of [HERE, other]) await measure(checkout);
  for (let round = 0; round < rounds; round++) {
    console.error(`${name}: pair ${round + 1} of ${rounds}`);
    // Alternates the order, because the machine may be warmer for the second measurement of a pair.
    for (const checkout of round % 2 ? [HERE, other] : [other, HERE]) {
      (checkout === HERE ? ours! : theirs!).push(await measure(checkout));
    }
  }
  return Object.keys(ours![0]!).map((figure) => {
    const [here, there] = [ours!, theirs!].map((samples) => samples.map((sample) => sample[figure]!));
    const ratios = here!.map((value, i) => value / there![i]!);
    const format = (value: number) => (value >= 1000 ? count(value) : latency(value));
    return [
      `${name}: ${figure}`,
      format(median(here!)),
      format(median(there!)),
      ...[median(ratios), Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(3)),
    ];
  });
}

/** Measures the requests per second of 16 clients, and the CPU time of the server's process per request. */
function throughput(model: ServingModel, exchange: Exchange, seconds: number): Measure {
  return withServer(model, async ({ url, pid }) => {
    const { hostname: host, port } = new URL(url);
    const load = { host, port: Number(port), request: requestBytes(exchange), connections: CLIENTS };
    await generate('closedLoop', { ...load, seconds: WARM_UP_SECONDS });
    const before = cpuSeconds(pid);
    const { throughput: rate } = await generate('closedLoop', { ...load, seconds });
    return { 'requests/s': rate, 'CPU per request, µs': ((cpuSeconds(pid) - before) / (rate * seconds)) * 1e6 };
  });
}

function start(model: ServingModel): Measure {
  return withServer(model, async ({ startMs }) => ({ 'start to ready, ms': startMs }));
}

function withServer(model: ServingModel, use: (server: Started) => Promise<Record<string, number>>): Measure {
  const contexts = new Map<string, string>();
  return async (checkout) => {
    if (!contexts.has(checkout)) contexts.set(checkout, stagedBy(checkout, model));
    const server = await startServer(contexts.get(checkout)!);
    try {
      return await use(server);
    } finally {
      await server.stop();
    }
  };
}

/** Stages a build context with the checkout's own command, and returns its folder. */
function stagedBy(checkout: string, { file, name }: ServingModel): string {
  const out = mkdtempSync(join(folder, 'context-'));
  const cli = join(checkout, 'dist/lib/cli/main.js');
  execFileSync(process.execPath, [cli, 'context', file, '--name', name, '--out', out], { stdio: 'ignore' });
  return out;
}

/** Time that a process with the checkout's code takes to synthesize one service, in milliseconds. */
function synth(checkout: string, file: string): number {
  const program = join(checkout, 'test/bench/synth-program.cjs');
  const began = performance.now();
  execFileSync(process.execPath, [program, 'service', '1', file, join(folder, 'cdktf.out')], { stdio: 'ignore' });
  return performance.now() - began;
}

/** CPU time (user and system) that a process has used so far, in seconds. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

void pairs();
