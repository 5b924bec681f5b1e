import type { ModelName } from './models';

export interface TensorFacts {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

/** The server under attack. */
export interface Target {
  readonly host: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Undefined where it cannot be reached. */
  readonly metricsPort?: number;
  readonly model: string;
  readonly inputs: readonly TensorFacts[];
  readonly outputs: readonly TensorFacts[];
  /** Largest body that the server takes, after decompression. */
  readonly maxRequestBytes: number;
  /** How long an attack lasts that has no end of its own. */
  readonly seconds: number;
}

/** What became of an attack's requests. */
export interface Sent {
  /** Bytes on the wire, about. */
  readonly bytes: number;
  /** How often each status came: `HTTP 413`, `RESOURCE_EXHAUSTED`, `held`, `closed`. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** Requests of callers who mean harm, or have a bug. */
export interface Attack {
  /** Words with hyphens; a class has all its attacks in one file. */
  readonly name: string;
  /** What is sent, in a sentence. */
  readonly what: string;
  /** The model that it needs. @default 'digits' */
  readonly model?: ModelName;
  /** What every request must end with; @default - anything but an error of the server */
  readonly statuses?: RegExp;
  /** One of those that stand for their class in a short run. @default false */
  readonly short?: boolean;
  run(target: Target): Promise<Sent>;
}

/** Counts statuses and bytes. */
export class Tally implements Sent {
  bytes = 0;
  readonly statuses: Record<string, number> = {};

  add(status: string, bytes = 0): void {
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    this.bytes += bytes;
  }
}

/** A little less than the largest body. */
export function largest({ maxRequestBytes }: Target): number {
  return Math.floor(0.97 * maxRequestBytes);
}

export function inferPath({ model }: Target): string {
  return `/v2/models/${model}/infer`;
}

/** Does something by so many clients, each again and again until the time is over. */
export async function again(clients: number, seconds: number, once: (turn: number) => Promise<void>): Promise<void> {
  const end = performance.now() + seconds * 1000;
  let turn = 0;
  const client = async () => {
    while (performance.now() < end) await once(turn++);
  };
  await Promise.all(Array.from({ length: clients }, client));
}

/** Does something so many times at once. */
export async function atOnce(times: number, once: (index: number) => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: times }, (_, index) => once(index)));
}
