import { ModelServingError } from '../errors';
import type { Settings } from '../../inference-image/src/contract/settings';
import { LocalServer } from '../local-server';
import type { LocalStage } from '../local-stage';
import { LastLines } from './last-lines';
import { measuringErrors } from './measuring-errors';

export interface MeasuredServerOptions {
  readonly stage: LocalStage;
  /** Of the model, for messages. */
  readonly path: string;
  readonly settings: Partial<Settings>;
  /** Ends the server. */
  readonly signal: AbortSignal;
}

/** Lines of the server's log that say something of how it serves. */
interface Said {
  listening?: { readonly httpPort: number; readonly metricsPort: number };
  ready?: { readonly startSeconds: number };
  'requests do not share runs'?: { readonly reason: string };
  'the model is not served'?: object;
}

/** The server, with a log that is read rather than shown. */
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
  private readonly said: Said = {};
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
      if (this.said.ready || this.said['the model is not served']) decide();
    });
  }

  /** Of what it serves. */
  get ports(): { readonly httpPort: number; readonly metricsPort: number } {
    return this.said.listening as NonNullable<Said['listening']>;
  }

  /** From its start until it was ready. */
  get readySeconds(): number {
    return (this.said.ready as NonNullable<Said['ready']>).startSeconds;
  }

  /** Why each request has a run of its own, in the server's words; undefined where they share runs. */
  get batchingObstacle(): string | undefined {
    return this.said['requests do not share runs']?.reason;
  }

  /** Of the process. */
  get pid(): number {
    return this.server.pid as number;
  }

  /** Of the log. */
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
    if (this.said.ready) return;
    throw new ModelServingError([measuringErrors.serverNotReady(this.options.path, this.log.lines)]);
  }

  private read(line: string): void {
    try {
      const { msg, ...rest } = JSON.parse(line);
      this.said[msg as keyof Said] = rest;
    } catch {
      // Not the server's own.
    }
  }
}
