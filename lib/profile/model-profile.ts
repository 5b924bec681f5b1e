/** What was measured of a model on one machine: MODEL.profile.json, to be committed beside the model. */
export interface ModelProfile {
  readonly profileVersion: 1;
  /** Of the model, as `OnnxModel.sha256` has it. */
  readonly sha256: string;
  /** onnxruntime's. */
  readonly runtimeVersion: string;
  /** ISO 8601, UTC. */
  readonly measuredAt: string;
  readonly machine: Machine;
  /** The size of each dimension that is neither fixed nor counts rows, by its symbol, or as `INPUT:AXIS` without one. */
  readonly dimensions: Readonly<Record<string, number>>;
  /** Runs of the model in process, by threads and then batch size, both ascending. */
  readonly runs: readonly MeasuredRun[];
  /** The model behind the server, with one executor. */
  readonly served: MeasuredService;
  /** The same at other sizes. @default - it was measured at one size */
  readonly sizes?: readonly MeasuredSize[];
  readonly start: MeasuredStart;
  readonly memory: MeasuredMemory;
}

/** What depends on the size of a request. */
export type MeasuredSize = Pick<ModelProfile, 'dimensions' | 'runs' | 'served'>;

export interface Machine {
  /** Such as `AMD EPYC 9B14`. */
  readonly cpu: string;
  /** That the measurement could use, by its quota. */
  readonly cpus: number;
  /**
   * Multiply-additions of 32-bit floats per second in one thread of JavaScript, to compare CPUs.
   * @default - unknown, as in profiles of earlier releases
   */
  readonly cpuSpeed?: number;
  readonly memoryMiB: number;
  /** Of Node: `linux/x64`. */
  readonly platform: string;
  /** Such as `v24.21.0`. */
  readonly node: string;
  /**
   * Share of its CPU time that other processes took meanwhile, from 0 to 1; on Linux while the model was measured, and
   * else just before.
   * @default - unknown, as in profiles of earlier releases
   */
  readonly otherLoad?: number;
}

export interface MeasuredRun {
  readonly threads: number;
  /** Rows of the run. */
  readonly batchSize: number;
  readonly p50Seconds: number;
  readonly p90Seconds: number;
  /** Rows a second at the median: `batchSize / p50Seconds`. */
  readonly rowsPerSecond: number;
}

export interface MeasuredService {
  /** Of its executor. @default 1, as earlier releases measured */
  readonly threads?: number;
  /** Rows of a run at most. @default - the largest batch with which any number of threads saturates, as in earlier releases */
  readonly maxBatchSize?: number;
  /** Rows of a run on average. @default - unknown, as in profiles of earlier releases */
  readonly rowsPerRun?: number;
  /** Connections that each waited for their answer before they asked again. */
  readonly clients: number;
  /** CPU time of the whole server for one request of one row, the model's run included, at the batches that came about. */
  readonly cpuSecondsPerRequest: number;
  /** Of that, what the event loop takes to read, check and answer a request: all but the runs of executors. */
  readonly loopSecondsPerRequest: number;
  /** What was reached with the clients on the same machine: less than the server alone can do. */
  readonly requestsPerSecond: number;
  readonly p50Seconds: number;
  readonly p99Seconds: number;
}

export interface MeasuredStart {
  /** To load the model into a session. */
  readonly loadSeconds: number;
  /** To run it for the first time. */
  readonly warmUpSeconds: number;
  /** From the server's start until it is ready. */
  readonly readySeconds: number;
}

export interface MeasuredMemory {
  /** Resident memory of the server once it is ready. */
  readonly readyMiB: number;
  /** The most that it was under load, at any of the sizes. */
  readonly peakMiB: number;
  /** What one more executor takes: its session, and its runs at the largest batch. */
  readonly executorMiB: number;
}
