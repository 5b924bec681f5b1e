import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../support/free-port';
import { expectedOutput, type ServingModel } from '../serving-models';
import type { Exchange, Exchanges, Protocol } from './exchange';
import { residentBytes, signalTree } from './process-tree';

const READY_SECONDS = 60;
const POLL_MILLISECONDS = 5;

/** A server that can be measured. */
export interface Subject {
  readonly name: string;
  /** Returns the command that starts the server. @throws NotRun If the server is not available */
  command(model: ServingModel, port: number): Command;
}

export interface Command {
  readonly command: string;
  readonly args: string[];
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** Port of the server, if it cannot be configured. */
  readonly port?: number;
  readonly exchanges: Exchanges;
}

/** Error that explains why a subject was not measured. */
export class NotRun extends Error {}

const leftToKill = new Set<() => void>();
process.once('exit', () => leftToKill.forEach((kill) => kill()));

/** A subject that is serving. */
export class RunningSubject {
  private constructor(
    readonly name: string,
    readonly port: number,
    readonly exchanges: Exchanges,
    /** Time from spawn to the first answer. */
    readonly startMs: number,
    private readonly child: ChildProcess,
  ) {}

  static async start(subject: Subject, model: ServingModel): Promise<RunningSubject> {
    const free = await freePort();
    const given = subject.command(model, free);
    const { command, args, env, cwd, exchanges } = given;
    const port = given.port ?? free;
    const start = performance.now();
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
    const kill = () => signalTree(child.pid!, 'SIGKILL');
    leftToKill.add(kill);
    child.once('exit', () => leftToKill.delete(kill));
    try {
      await firstAnswer(child, port, exchanges.JSON!);
      const started = new RunningSubject(subject.name, port, exchanges, performance.now() - start, child);
      await started.check(await expectedOutput(model));
      return started;
    } catch (error) {
      if (child.pid) kill();
      throw new NotRun((error as Error).message);
    }
  }

  get protocols(): Protocol[] {
    return Object.keys(this.exchanges) as Protocol[];
  }

  memoryBytes(): number {
    return residentBytes(this.child.pid!);
  }

  /** Suspends the subject while it is not measured, so that it does not affect the figures of other subjects. */
  pause(): void {
    signalTree(this.child.pid!, 'SIGSTOP');
  }

  resume(): void {
    signalTree(this.child.pid!, 'SIGCONT');
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    signalTree(this.child.pid!, 'SIGKILL');
    await exited;
  }

  /** Throws if an answer of the subject is wrong, so that the subject is not measured. */
  private async check(expected: number[]): Promise<void> {
    for (const [protocol, exchange] of Object.entries(this.exchanges)) {
      const answer = await post(this.port, exchange);
      const right = answer.length === expected.length && answer.every((v, i) => near(v, expected[i]!));
      if (!right)
        throw new Error(`the ${protocol} answer is wrong: ${answer.slice(0, 5)}; expected ${expected.slice(0, 5)}`);
    }
  }
}

async function firstAnswer(child: ChildProcess, port: number, exchange: Exchange): Promise<void> {
  let log = '';
  child.stderr!.on('data', (chunk) => (log = (log + chunk).slice(-2000)));
  const ended = once(child, 'exit').then(() => {
    throw new Error(`the server exited before it was ready: ${log.trim().split('\n').at(-1)}`);
  });
  let last = '';
  const answered = (async () => {
    for (const end = performance.now() + READY_SECONDS * 1000; performance.now() < end && child.exitCode === null;) {
      const answer = await post(port, exchange).catch((error: Error) => void (last = error.message));
      if (answer) return;
      await sleep(POLL_MILLISECONDS);
    }
    throw new Error(`no answer within ${READY_SECONDS} s: ${last}`);
  })();
  await Promise.race([ended, answered]);
  ended.catch(() => {});
}

async function post(port: number, { path, headers, body, read }: Exchange): Promise<number[]> {
  const url = `http://127.0.0.1:${port}${path}`;
  const response = await fetch(url, { method: 'POST', headers: { ...headers, connection: 'close' }, body });
  const answer = Buffer.from(await response.arrayBuffer());
  if (response.status !== 200) throw new Error(`status ${response.status}: ${answer.toString().slice(0, 200)}`);
  return read(response.headers, answer);
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-4 + 1e-3 * Math.abs(b);
}
