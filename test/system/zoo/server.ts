import type { Body } from './exchange';

/** Counts from the server's statistics. */
export interface Counts {
  readonly requests: number;
  readonly runs: number;
}

/** Server whose model is ready. */
export class Server {
  constructor(
    readonly url: string,
    /** Lines that the server logged until it was ready. */
    readonly log: readonly Record<string, any>[],
    readonly stop: () => Promise<void>,
  ) {}

  async infer({ headers, body }: Body): Promise<{ status: number; headers: Headers; body: Buffer }> {
    const response = await fetch(`${this.url}/v2/models/m/infer`, { method: 'POST', headers, body });
    return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
  }

  async counts(): Promise<Counts> {
    const { model_stats } = (await (await fetch(`${this.url}/v2/models/m/stats`)).json()) as any;
    const [{ execution_count, inference_stats }] = model_stats;
    return { requests: inference_stats.success.count, runs: execution_count };
  }

  /** Reason why requests do not share runs, from the log. */
  get notSharing(): string | undefined {
    return this.log.find(({ msg }) => msg === 'requests do not share runs')?.reason;
  }
}
