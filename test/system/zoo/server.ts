import type { Body } from './exchange';

/** What a server has counted. */
export interface Counts {
  readonly requests: number;
  readonly runs: number;
}

/** A model's server, ready. */
export class Server {
  constructor(
    readonly url: string,
    /** The lines of its log until it was ready. */
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

  /** Why requests do not share runs, where the server has said so. */
  get notSharing(): string | undefined {
    return this.log.find(({ msg }) => msg === 'requests do not share runs')?.reason;
  }
}
