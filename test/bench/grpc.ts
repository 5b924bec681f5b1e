import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MODEL_INFER, rawRequest } from './grpc-message';
import type { Measured } from './load/closed-loop';
import { generate } from './load/generator';
import type { Effort, Report } from './report';
import { servingModel } from './serving-models';
import { ours } from './subjects/node-subjects';
import { freePort } from '../support/free-port';
import { RunningSubject, type Subject } from './subjects/subject';
import { median } from '../../lib/base/quantile';
import { atLeast, compare, count, latency, notRun, perSecond, table } from './table';

const CLIENTS = 16;
const WHAT = `gRPC, raw, tiny model, ${CLIENTS} clients: throughput, against a grpc-js echo of the same bytes`;
const TARGET = atLeast(0.75);

/** Measures ModelInfer with raw contents; the baseline is an echo server. */
export async function grpc(effort: Effort): Promise<Report> {
  const model = servingModel('tiny');
  const ports = { ours: await freePort(), echo: await freePort() };
  const withGrpc: Subject = {
    ...ours,
    command(...given) {
      const command = ours.command(...given);
      return { ...command, env: { ...command.env, MODEL_SERVING_GRPC_PORT_NUMBER: String(ports.ours) } };
    },
  };
  const subject = await RunningSubject.start(withGrpc, model);
  const echo = spawn(process.execPath, [join(__dirname, 'grpc-echo.cjs'), MODEL_INFER], {
    env: { ...process.env, PORT: String(ports.echo) },
    stdio: 'inherit',
  });
  try {
    await sleep(1000);
    return await measured(effort, rawRequest(model), ports);
  } catch (error) {
    return { rows: [notRun(WHAT, (error as Error).message, TARGET)] };
  } finally {
    echo.kill();
    await subject.stop();
  }
}

async function measured(effort: Effort, message: Uint8Array, ports: Record<'ours' | 'echo', number>): Promise<Report> {
  const names = ['ours', 'echo'] as const;
  const run = (name: 'ours' | 'echo', seconds: number) => {
    const url = `http://127.0.0.1:${ports[name]}`;
    return generate('grpcLoop', { url, path: MODEL_INFER, message, clients: CLIENTS, seconds });
  };
  for (const name of names) await run(name, effort.warmUpSeconds);
  const samples = { ours: [] as Measured[], echo: [] as Measured[] };
  for (let round = 0; round < effort.rounds; round++) {
    for (const name of names) samples[name].push(await run(name, effort.seconds));
  }
  const refused = samples.ours.find((sample) => Object.keys(sample.refused).length);
  if (refused) throw new Error(`gRPC statuses ${JSON.stringify(refused.refused)}`);
  const of = (name: 'ours' | 'echo', pick: (sample: Measured) => number) => median(samples[name].map(pick));
  const throughput = (name: 'ours' | 'echo') => of(name, (sample) => sample.throughput);
  const lines = names.map((name) => [
    name === 'ours' ? name : 'grpc-js echo',
    count(throughput(name)),
    latency(of(name, ({ p50Ms }) => p50Ms)),
    latency(of(name, ({ p99Ms }) => p99Ms)),
  ]);
  const head = ['', `${CLIENTS} clients: req/s`, 'p50 ms', 'p99 ms'];
  return {
    rows: [compare(WHAT, throughput('ours'), throughput('echo'), perSecond, TARGET)],
    figures: [`### Tiny model, gRPC\n\n${table(head, lines)}`],
  };
}
