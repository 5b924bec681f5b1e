import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface LoadOptions {
  readonly url: string;
  readonly model: string;
  readonly clients: number;
  readonly pauseMs: number;
  /** Number of requests after which a client reconnects, so that it eventually reaches every replica. */
  readonly requestsPerConnection: number;
  /** Total number of requests. @default - unlimited until `stop` */
  readonly requests?: number;
}

export interface Counts {
  requests: number;
  /** Number of answers for each version of the model. */
  answers: Record<string, number>;
  /** Number of failures for each cause: a status other than 200, a socket error or a timeout. */
  failures: Record<string, number>;
}

/** Clients in a separate process. */
export class Load {
  /** Starts the clients, and resolves after the first answer. */
  static async start(options: LoadOptions): Promise<Load> {
    const load = new Load(options);
    await Promise.race([load.answered, load.counts]);
    return load;
  }

  readonly counts: Promise<Counts>;
  private readonly answered: Promise<void>;
  private readonly child;

  private constructor(options: LoadOptions) {
    const args = ['--import', 'tsx', join(__dirname, 'load-client.ts'), JSON.stringify(options)];
    this.child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface(this.child.stdout);
    this.answered = new Promise((resolve) => lines.once('line', () => resolve()));
    this.counts = new Promise((resolve, reject) => {
      lines.on('line', (line) => line.startsWith('{') && resolve(JSON.parse(line)));
      this.child.on('close', (code) => reject(new Error(`the load generator exited with code ${code}`)));
    });
  }

  stop(): Promise<Counts> {
    this.child.stdin.end();
    return this.counts;
  }
}

/** One line for the log. */
export function summary({ requests, answers, failures }: Counts): string {
  const list = (counts: Record<string, number>) =>
    Object.entries(counts)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, count]) => `${key}: ${count}`)
      .join(', ');
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0);
  return `${requests} requests, ${failed} failed (${list(answers)})${failed ? ` [${list(failures)}]` : ''}`;
}
