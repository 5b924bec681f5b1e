import { Agent, request } from 'node:http';

/**
 * Number of requests by outcome: the status, or the error of the connection. `wrong` is status 200 with a wrong answer.
 */
export type Counts = Record<string, number>;

export interface ClientsOptions {
  /** Returns the URL of the server; called for each request. */
  readonly url: () => string;
  readonly clients: number;
  readonly body: (n: number) => object;
  readonly isRight: (reply: any, n: number) => boolean;
  /** Called for every answer. */
  readonly onAnswer?: (status: number, headers: Record<string, unknown>, body: any) => void;
  /** Pause after an answer other than 200, as if the client obeyed Retry-After. @default 0 */
  readonly pauseMs?: number;
  /**
   * Whether a client retries a request once if its connection breaks, possibly on a different server. @default false
   */
  readonly retries?: boolean;
}

/** Keep-alive clients that each wait for an answer before they send the next request. */
export class Clients {
  readonly counts: Counts = {};
  private readonly agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  private readonly running: Promise<void>;
  private isOver = false;
  private next = 0;

  constructor(private readonly options: ClientsOptions) {
    this.running = Promise.all(Array.from({ length: options.clients }, () => this.client())).then(() => undefined);
  }

  async stop(): Promise<Counts> {
    this.isOver = true;
    await this.running;
    this.agent.destroy();
    return this.counts;
  }

  private async client(): Promise<void> {
    const { retries = false, pauseMs = 0 } = this.options;
    while (!this.isOver) {
      const n = this.next++;
      let outcome = await this.ask(n);
      if (retries && Number.isNaN(Number(outcome))) {
        this.counts[outcome] = (this.counts[outcome] ?? 0) + 1;
        outcome = `again ${await this.ask(n)}`;
      }
      this.counts[outcome] = (this.counts[outcome] ?? 0) + 1;
      if (outcome !== '200') await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  private ask(n: number): Promise<string> {
    const { url, body, isRight, onAnswer } = this.options;
    const text = JSON.stringify(body(n));
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    return new Promise((resolve) => {
      const call = request(`${url()}/v2/models/m/infer`, { method: 'POST', agent: this.agent, headers }, (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
        reply.on('end', () => {
          const parsed = JSON.parse(Buffer.concat(chunks).toString());
          const status = reply.statusCode as number;
          onAnswer?.(status, reply.headers, parsed);
          resolve(status === 200 && !isRight(parsed, n) ? 'wrong' : String(status));
        });
      });
      call.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      call.end(text);
    });
  }
}

/** Requests to `identity('float', ['n', 4])`, and the check of their answers. */
export const ROWS = {
  body: (n: number) => ({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], data: [n, n + 1, n + 2, n + 3] }] }),
  isRight: (reply: any, n: number) => String(reply.outputs[0].data) === String([n, n + 1, n + 2, n + 3]),
};
