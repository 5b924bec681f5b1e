import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { generate } from './load/generator';
import type { Effort } from './report';
import type { ServingModel } from './serving-models';
import { CLIENTS } from './serving';
import { requestBytes } from '../../lib/measuring/http-connection';
import type { Protocol } from './subjects/exchange';
import { SUBJECTS } from './subjects/all';
import { RunningSubject } from './subjects/subject';
import { median } from '../../lib/base/quantile';

/** Figures of one subject under one load: medians over the rounds. */
export interface Cell {
  readonly subject: string;
  readonly protocol: Protocol;
  readonly clients: number;
  readonly throughput: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Number of answers with a status other than 200, in all rounds. */
  readonly refused: number;
}

export interface Figures {
  readonly model: ServingModel;
  readonly cells: Cell[];
  /** Reasons why subjects were not measured, by name of the subject. */
  readonly notRun: Record<string, string>;
  /** Rows per second of onnxruntime in this process, by number of rows per run. Empty if the input is not a matrix. */
  readonly rawRowsPerSecond: Record<number, number>;
}

type Sample = Omit<Cell, 'refused'> & { refused: Record<number, number> };

/** Measures all subjects in turn in each round, so that other load on the machine affects them all equally. */
export async function measureModel(model: ServingModel, effort: Effort): Promise<Figures> {
  const notRun: Record<string, string> = {};
  const running: RunningSubject[] = [];
  for (const subject of SUBJECTS) {
    try {
      const started = await RunningSubject.start(subject, model);
      started.pause();
      running.push(started);
    } catch (error) {
      notRun[subject.name] = (error as Error).message;
    }
  }
  const samples: Sample[] = [];
  const raw: Record<number, number[]> = {};
  for (let round = 0; round <= effort.rounds; round++) {
    console.error(round ? `${model.name}: round ${round} of ${effort.rounds}` : `${model.name}: warm-up`);
    for (const subject of running) {
      const measured = await measureSubject(subject, round ? effort.seconds : effort.warmUpSeconds).catch((error) => {
        notRun[`${subject.name}, round ${round}`] = (error as Error).message;
        return [];
      });
      if (round) samples.push(...measured);
    }
    if (round && model.shape.length === 2) {
      for (const rows of [1, 32]) (raw[rows] ??= []).push(rawRuntime(model, rows, effort.seconds));
    }
  }
  await Promise.all(running.map((subject) => subject.stop()));
  return {
    model,
    cells: summarized(samples),
    notRun,
    rawRowsPerSecond: Object.fromEntries(Object.entries(raw).map(([rows, rates]) => [rows, median(rates)])),
  };
}

async function measureSubject(subject: RunningSubject, seconds: number): Promise<Sample[]> {
  const { name, port } = subject;
  const samples: Sample[] = [];
  subject.resume();
  try {
    for (const protocol of subject.protocols) {
      const request = requestBytes(subject.exchanges[protocol]!);
      for (const clients of CLIENTS) {
        const load = { host: '127.0.0.1', port, request, connections: clients, seconds };
        samples.push({ subject: name, protocol, clients, ...(await generate('closedLoop', load)) });
      }
    }
    return samples;
  } finally {
    subject.pause();
  }
}

function summarized(samples: Sample[]): Cell[] {
  const key = ({ subject, protocol, clients }: Sample) => `${subject}/${protocol}/${clients}`;
  return [...new Set(samples.map(key))].map((k) => {
    const of = samples.filter((sample) => key(sample) === k);
    const { subject, protocol, clients } = of[0]!;
    return {
      subject,
      protocol,
      clients,
      throughput: median(of.map(({ throughput }) => throughput)),
      p50Ms: median(of.map(({ p50Ms }) => p50Ms)),
      p99Ms: median(of.map(({ p99Ms }) => p99Ms)),
      refused: of.flatMap(({ refused }) => Object.values(refused)).reduce((a, b) => a + b, 0),
    };
  });
}

/** Rows per second. */
function rawRuntime({ file, shape }: ServingModel, rows: number, seconds: number): number {
  const args = [join(__dirname, 'raw-runtime.cjs'), file, String(rows), String(seconds), String(shape[1])];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}
