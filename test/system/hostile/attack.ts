import type { ModelName } from './models';

export interface TensorFacts {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

/** Server under attack. */
export interface Target {
  readonly host: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Port of the metrics; undefined if callers cannot reach it. */
  readonly metricsPort?: number;
  readonly model: string;
  readonly inputs: readonly TensorFacts[];
  readonly outputs: readonly TensorFacts[];
  /** Maximum size of a body, in bytes after decompression. */
  readonly maxRequestBytes: number;
  /** Duration, in seconds, of an attack that does not end on its own. */
  readonly seconds: number;
}

/** Result of an attack's requests. */
export interface Sent {
  /** Approximate bytes on the wire. */
  readonly bytes: number;
  /** Number of requests by status, such as `HTTP 413`, `RESOURCE_EXHAUSTED`, `held` or `closed`. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** Attack with the requests of malicious or faulty callers. */
export interface Attack {
  /** Name of the attack, as words with hyphens. All attacks of a class are in one file. */
  readonly name: string;
  /** Description in one sentence. */
  readonly what: string;
  /** Model of the attacked server. @default 'digits' */
  readonly model?: ModelName;
  /** Allowed statuses. @default - all statuses except faults of the server */
  readonly statuses?: RegExp;
  /** Whether a short run includes the attack, which represents its class. @default false */
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

/** Size of the largest body that an attack sends, slightly below the maximum. */
export function largest({ maxRequestBytes }: Target): number {
  return Math.floor(0.97 * maxRequestBytes);
}

export function inferPath({ model }: Target): string {
  return `/v2/models/${model}/infer`;
}

/** Lets a number of clients repeat an action until the time is up. */
export async function again(clients: number, seconds: number, once: (turn: number) => Promise<void>): Promise<void> {
  const end = performance.now() + seconds * 1000;
  let turn = 0;
  const client = async () => {
    while (performance.now() < end) await once(turn++);
  };
  await Promise.all(Array.from({ length: clients }, client));
}

/** Runs an action several times concurrently. */
export async function atOnce(times: number, once: (index: number) => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: times }, (_, index) => once(index)));
}
