/**
 * Process that measures a model. The library sends it one question at a time over the channel between Node's processes.
 */
export interface Trial {
  /** Loads the model with this number of threads per run, and replaces the previous session. */
  load(threads: number): TrialLoad;
  /**
   * Runs one row for the first time after loading.
   *
   * @throws If the model refuses the available inputs
   */
  warmUp(): TrialWarmUp;
  /**
   * Runs a batch repeatedly, after a run that does not count.
   *
   * @returns Seconds of each run. There are at least `runs`, and as many as fit into `seconds`.
   * @throws If the model refuses a batch of that size
   */
  run(batchSize: number, seconds: number, runs: number): Promise<Float64Array>;
  /** Builds a request of one row. */
  request(): TrialRequest;
  /**
   * Measures the memory of an executor, in addition to the loaded session, after both have run batches of that size.
   */
  executorBytes(batchSize: number): Promise<number>;
}

export interface TrialLoad {
  readonly seconds: number;
  /** CPUs available to the process, by affinity and quota; may be a fraction. */
  readonly cpus: number;
}

export interface TrialWarmUp {
  readonly seconds: number;
  /** Size of each dimension that is neither fixed nor counts rows, by its symbol or as `INPUT:AXIS`. */
  readonly dimensions: Readonly<Record<string, number>>;
}

/** Headers and body of an inference request. */
export interface TrialRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export type TrialQuestion = { [Name in keyof Trial]: { ask: Name; with: Parameters<Trial[Name]> } }[keyof Trial];

export type TrialAnswer = { readonly answer: unknown } | { readonly failure: string };
