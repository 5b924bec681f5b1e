/** Measurements of a model on one machine: MODEL.profile.json, to be committed beside the model. */
export interface ModelProfile {
  readonly profileVersion: 1;
  /** `OnnxModel.sha256` of the measured model. */
  readonly sha256: string;
  /** Version of onnxruntime. */
  readonly runtimeVersion: string;
  /** Time of the measurement, in ISO 8601, UTC. */
  readonly measuredAt: string;
  readonly machine: Machine;
  /** Size of each free dimension that does not count rows, by its symbol, or by `INPUT:AXIS` if it has none. */
  readonly dimensions: Readonly<Record<string, number>>;
  /** Runs of the model in process, sorted by threads and then by batch size, ascending. */
  readonly runs: readonly MeasuredRun[];
  /** The model in the server, with one executor. */
  readonly served: MeasuredService;
  /** Measurements at other sizes. @default - measured at one size only */
  readonly sizes?: readonly MeasuredSize[];
  readonly start: MeasuredStart;
  readonly memory: MeasuredMemory;
}

/** Measurements that depend on the size of a request. */
export type MeasuredSize = Pick<ModelProfile, 'dimensions' | 'runs' | 'served'>;

export interface Machine {
  /** Model of the CPU, such as `AMD EPYC 9B14`. */
  readonly cpu: string;
  /** CPUs that the quota allowed the measurement to use. */
  readonly cpus: number;
  /**
   * Multiply-additions of 32-bit floats per second in a single JavaScript thread, to compare CPUs.
   * @default - unknown, as in profiles of earlier releases
   */
  readonly cpuSpeed?: number;
  readonly memoryMiB: number;
  /** Operating system and architecture as Node names them, such as `linux/x64`. */
  readonly platform: string;
  /** Version of Node, such as `v24.21.0`. */
  readonly node: string;
  /**
   * Share of CPU time that other processes used, from 0 to 1: on Linux during the measurement, elsewhere just before
   * it.
   * @default - unknown (profiles of earlier releases)
   */
  readonly otherLoad?: number;
}

export interface MeasuredRun {
  readonly threads: number;
  /** Rows per run. */
  readonly batchSize: number;
  readonly p50Seconds: number;
  readonly p90Seconds: number;
  /** Rows per second at the median run time: `batchSize / p50Seconds`. */
  readonly rowsPerSecond: number;
}

export interface MeasuredService {
  /** Threads of the executor. @default 1 (profiles of earlier releases) */
  readonly threads?: number;
  /**
   * Maximum number of rows per run.
   * @default - the largest saturating batch for any thread count (profiles of earlier releases)
   */
  readonly maxBatchSize?: number;
  /** Average number of rows per run. @default - unknown (profiles of earlier releases) */
  readonly rowsPerRun?: number;
  /** Number of connections. Each waited for its response before it sent the next request. */
  readonly clients: number;
  /**
   * CPU time of the whole server per request of one row, including the model's run, at the batch sizes that occurred.
   */
  readonly cpuSecondsPerRequest: number;
  /**
   * Part of `cpuSecondsPerRequest` that the event loop uses to read, check and answer the request. The model's run is
   * not included.
   */
  readonly loopSecondsPerRequest: number;
  /** Measured rate. The server alone could reach more, because the clients ran on the same machine. */
  readonly requestsPerSecond: number;
  readonly p50Seconds: number;
  readonly p99Seconds: number;
}

export interface MeasuredStart {
  /** Time to load the model into a session. */
  readonly loadSeconds: number;
  /** Time of the first run. */
  readonly warmUpSeconds: number;
  /** Time from the server's start until it is ready. */
  readonly readySeconds: number;
}

export interface MeasuredMemory {
  /** Resident memory of the server once it is ready. */
  readonly readyMiB: number;
  /** Highest resident memory under load, at any of the sizes. */
  readonly peakMiB: number;
  /** Memory of each additional executor: its session, and its runs at the largest batch. */
  readonly executorMiB: number;
}

/** Measurements of a profile, one entry for each size. */
export function measuredSizes(profile: ModelProfile): readonly MeasuredSize[] {
  const { dimensions, runs, served } = profile;
  return [{ dimensions, runs, served }, ...(profile.sizes ?? [])];
}

/** The profile with the measurements at the given sizes; undefined if none were made at these sizes. */
export function profileAt(
  profile: ModelProfile,
  sizes: Readonly<Record<string, number>> = {},
): ModelProfile | undefined {
  const names = Object.keys(sizes);
  const measured = measuredSizes(profile).find(({ dimensions }) =>
    names.every((name) => dimensions[name] === sizes[name]),
  );
  return measured && { ...profile, ...measured };
}

/** Measured sizes of one dimension, without duplicates. */
export function sizesOf(profile: ModelProfile, name: string): number[] {
  const sizes = measuredSizes(profile).flatMap(({ dimensions }) => dimensions[name] ?? []);
  return [...new Set(sizes)];
}
