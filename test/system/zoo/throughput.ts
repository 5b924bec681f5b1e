import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { requestBytes } from '../../../lib/measuring/http-connection';
import { median } from '../../../lib/base/quantile';
import { generate, stopGenerator } from '../../bench/load/generator';
import { freePort } from '../../support/free-port';
import { count, table } from '../../bench/table';
import { CommandLine } from './cli';
import { difference } from './comparison';
import { answeredTensors, requestBody, type Body } from './exchange';
import type { Options } from './options';
import type { PreparedModel } from './prepared-model';
import { Server } from './server';
import { prepared } from './sources';

const CLIENTS = 16;
/** Number of rounds in which all subjects take turns, so that other load on the machine affects them all equally. */
const ROUNDS = 7;
const SECONDS = 2;
const WARM_UP_SECONDS = 1;
/** Models of different kinds and sizes that FastAPI serves too, for comparison. */
const BESIDE_FASTAPI = ['captcha', 'dns_mos_p808', 'magika', 'nani_model', 'orientation', 'silero_vad_op15'];
/** Minimum ratio to the previous build. It allows only for noise. */
const LEAST_RATIO = 0.95;

interface Subject {
  readonly name: 'ours' | 'before' | 'FastAPI';
  readonly server: Server;
  readonly rates: number[];
}

interface Row {
  readonly name: string;
  readonly medians: Partial<Record<Subject['name'], number>>;
  /** Ratio of this build's rate to that of the previous build; median of the rounds. */
  readonly ratio?: number;
}

/**
 * Measures the throughput of this build, the previous build and FastAPI: one-row JSON requests per second with 16
 * clients.
 *
 * @returns Number of models that are slower than before
 */
export async function throughput(options: Options): Promise<number> {
  const rows: Row[] = [];
  for (const model of options.groups.flatMap((group) => prepared(group, options))) {
    if ('skipped' in model || !model.name.includes(options.only)) continue;
    // FP16 has no JSON form.
    if ([...model.cases[0]!.inputs, ...model.cases[0]!.outputs].some(({ datatype }) => datatype === 'FP16')) continue;
    const row = await measure(model, options);
    if (!row) continue;
    rows.push(row);
    console.error(line(row).join('  '));
  }
  stopGenerator();
  console.log(table(['model', 'before', 'ours', 'ours / before', 'FastAPI', 'ours / FastAPI'], rows.map(line)));
  return rows.filter(({ ratio = 1 }) => ratio < LEAST_RATIO).length;
}

async function measure(model: PreparedModel, { cli, before }: Options): Promise<Row | undefined> {
  const { inputs, outputs } = model.cases[0]!;
  const body = requestBody(inputs, 'JSON');
  const subjects: Subject[] = [];
  const start = async (name: Subject['name'], server: Promise<Server>): Promise<void> => {
    subjects.push({ name, server: await server, rates: [] });
  };
  try {
    if (before) await start('before', new CommandLine(before).serve(model.path));
    await start('ours', new CommandLine(cli).serve(model.path));
    if (BESIDE_FASTAPI.includes(model.name)) await start('FastAPI', fastApi(model.path, body));
    for (const { name, server } of subjects) {
      const answer = await server.infer(body);
      const problem =
        answer.status === 200 ? difference(outputs, answeredTensors(answer.headers, answer.body)) : answer.status;
      if (problem) throw new Error(`${name}: ${problem}`);
    }
    for (let round = 0; round <= ROUNDS; round++) {
      for (const { server, rates } of subjects) {
        const rate = await requestsPerSecond(server, body, round ? SECONDS : WARM_UP_SECONDS);
        if (round) rates.push(rate);
      }
    }
    return summarized(model.name, subjects);
  } catch (error) {
    console.error(`${model.name}: not measured: ${(error as Error).message}`);
    return undefined;
  } finally {
    await Promise.all(subjects.map(({ server }) => server.stop()));
  }
}

async function requestsPerSecond(server: Server, { headers, body }: Body, seconds: number): Promise<number> {
  const request = requestBytes({ path: '/v2/models/m/infer', headers, body });
  const port = Number(new URL(server.url).port);
  const load = { host: '127.0.0.1', port, request, connections: CLIENTS, seconds };
  return (await generate('closedLoop', load)).throughput;
}

function summarized(name: string, subjects: readonly Subject[]): Row {
  const rates = Object.fromEntries(subjects.map((subject) => [subject.name, subject.rates]));
  const medians = Object.fromEntries(subjects.map((subject) => [subject.name, median(subject.rates)]));
  const ratios = rates.before && rates.ours!.map((rate, round) => rate / rates.before![round]!);
  return { name, medians, ratio: ratios && median(ratios) };
}

function line({ name, medians: { before, ours, FastAPI }, ratio }: Row): string[] {
  const figure = (value?: number) => (value === undefined ? '' : count(value));
  return [
    name,
    figure(before),
    figure(ours),
    ratio?.toFixed(2) ?? '',
    figure(FastAPI),
    FastAPI ? (ours! / FastAPI).toFixed(1) : '',
  ];
}

async function fastApi(model: string, body: Body): Promise<Server> {
  const port = await freePort();
  const args = ['fastapi_server:app', '--port', String(port), '--no-access-log', '--log-level', 'warning'];
  const child = spawn(join(process.env.FASTAPI_VENV!, 'bin/uvicorn'), args, {
    cwd: __dirname,
    env: { ...process.env, MODEL: model, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const server = new Server(`http://127.0.0.1:${port}`, [], async () => {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  });
  for (const end = performance.now() + 60_000; performance.now() < end; await sleep(50)) {
    const answer = await server.infer(body).catch(() => undefined);
    if (answer?.status === 200) return server;
    if (child.exitCode !== null) break;
  }
  await server.stop();
  throw new Error('FastAPI does not answer');
}
