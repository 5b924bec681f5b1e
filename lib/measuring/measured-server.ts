import type { Settings } from '../../inference-image/src/contract/settings';
import { ModelServingError } from '../base/errors';
import { LocalServer } from '../local/local-server';
import type { LocalStage } from '../local/local-stage';
import { LastLines } from './trial-process';
import { measuringErrors } from './measuring-errors';

export interface MeasuredServerOptions {
  readonly stage: LocalStage;
  /** Path of the model; used in messages. */
  readonly path: string;
  readonly settings: Partial<Settings>;
  /** Stops the server. */
  readonly signal: AbortSignal;
}

/** Log messages of the server that the measurement depends on. */
interface LogMessages {
  listening?: { readonly httpPort: number; readonly metricsPort: number };
  ready?: { readonly startSeconds: number };
  'requests do not share runs'?: { readonly reason: string };
  'the model is not served'?: object;
}

/** A server for measurements. Its log is read instead of being shown. */
export class MeasuredServer {
  /** @throws ModelServingError `server-not-ready` */
  static async start(options: MeasuredServerOptions): Promise<MeasuredServer> {
    const server = new MeasuredServer(options);
    try {
      await server.untilReady();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  private readonly server: LocalServer;
  private readonly log: LastLines;
  private readonly messages: LogMessages = {};
  private readonly decided: Promise<void>;
  private readonly onAbort = () => this.server.stop();

  private constructor(private readonly options: MeasuredServerOptions) {
    const { stage, settings, signal } = options;
    signal.throwIfAborted();
    const ports = { httpPortNumber: 0, grpcPortNumber: 0, metricsPortNumber: 0 };
    this.server = LocalServer.start(stage, { host: '127.0.0.1', ...ports, ...settings }, 'pipe');
    signal.addEventListener('abort', this.onAbort);
    let decide = () => {};
    this.decided = new Promise((resolve) => (decide = resolve));
    void this.server.exited.then(decide, decide);
    this.log = new LastLines(this.server.output, (line) => {
      this.read(line);
      if (this.messages.ready || this.messages['the model is not served']) decide();
    });
  }

  get ports(): { readonly httpPort: number; readonly metricsPort: number } {
    return this.messages.listening as NonNullable<LogMessages['listening']>;
  }

  /** Time from the start of the server until it was ready. */
  get readySeconds(): number {
    return (this.messages.ready as NonNullable<LogMessages['ready']>).startSeconds;
  }

  /** Reason that the server logged for not sharing runs; undefined if it logged none. */
  get batchingObstacle(): string | undefined {
    return this.messages['requests do not share runs']?.reason;
  }

  get pid(): number {
    return this.server.pid as number;
  }

  /** Last lines of the log. */
  get lastLines(): readonly string[] {
    return this.log.lines;
  }

  async stop(): Promise<void> {
    this.options.signal.removeEventListener('abort', this.onAbort);
    this.server.stop();
    await this.server.exited;
  }

  private async untilReady(): Promise<void> {
    await this.decided;
    this.options.signal.throwIfAborted();
    if (this.messages.ready) return;
    throw new ModelServingError([measuringErrors.serverNotReady(this.options.path, this.log.lines)]);
  }

  private read(line: string): void {
    try {
      const { msg, ...rest } = JSON.parse(line);
      this.messages[msg as keyof LogMessages] = rest;
    } catch {
      // The server did not write this line.
    }
  }
}

/** CPU times during one load. */
export interface CpuTimes {
  /** CPU time of the whole server, in seconds. */
  readonly cpuSeconds: number;
  /** Wall-clock time of all runs. It exceeds their CPU time if the runs waited for a CPU. */
  readonly runSeconds: number;
  readonly runs: number;
  /** CPU time of the event loop's thread, if the system reports it. */
  readonly threadSeconds?: number;
}

/** Runs shorter than this may execute on the event loop's thread and block it. */
const INLINE_RUN_SECONDS = 100e-6;

/**
 * CPU time that the server spends outside the model's runs: the larger of two estimates, both of which may be too low.
 * The CPU time of the event loop's thread excludes the threads that collect garbage and parse large requests. The
 * server's CPU time minus the wall-clock time of its runs is too low if runs waited for a CPU.
 */
export function loopTime({ cpuSeconds, runSeconds, runs, threadSeconds }: CpuTimes): number {
  if (threadSeconds !== undefined) return Math.max(threadSeconds, cpuSeconds - runSeconds);
  return runSeconds < runs * INLINE_RUN_SECONDS ? cpuSeconds : Math.max(0, cpuSeconds - runSeconds);
}

/** A server's metrics: for each name, the sum over all labels. */
export class ServerMetrics {
  static async scrape(port: number): Promise<ServerMetrics> {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    return new ServerMetrics(await response.text());
  }

  private readonly sums = new Map<string, number>();

  /** @param text - in Prometheus' format */
  constructor(text: string) {
    for (const [, name, value] of text.matchAll(/^(\w+)(?:\{.*\})? (\S+)$/gm)) {
      this.sums.set(name as string, this.get(name as string) + Number(value));
    }
  }

  /** Value of a series; 0 if it does not exist, because a series appears with its first observation. */
  get(name: string): number {
    return this.sums.get(name) ?? 0;
  }

  /** Growth of a counter since the earlier scrape. */
  since(earlier: ServerMetrics, name: string): number {
    return this.get(name) - earlier.get(name);
  }
}
