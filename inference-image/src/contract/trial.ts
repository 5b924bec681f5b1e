/**
 * A process that measures a model. The library calls its methods one at a time, over Node's channel between processes.
 */
export interface Trial {
  /** Loads the model with this number of threads per run, and replaces the previous session. */
  load(threads: number): TrialLoad;
  /**
   * Runs one row, as the first run after loading.
   *
   * @throws If the model refuses the available inputs
   */
  warmUp(): TrialWarmUp;
  /**
   * Runs a batch repeatedly, after one run that is not measured.
   *
   * @returns Duration of each run in seconds. There are as many runs as fit in `seconds`, but at least `runs`.
   * @throws If the model refuses a batch of that size
   */
  run(batchSize: number, seconds: number, runs: number): Promise<Float64Array>;
  /** Builds a request of one row. */
  request(): TrialRequest;
  /**
   * Measures the memory that one additional executor takes, once it and the loaded session have run batches of the
   * given size.
   */
  executorBytes(batchSize: number): Promise<number>;
}

export interface TrialLoad {
  readonly seconds: number;
  /** CPUs available to the process according to its affinity and quota; may be a fraction. */
  readonly cpus: number;
}

export interface TrialWarmUp {
  readonly seconds: number;
  /** Size of each dimension that is neither fixed nor counts rows. A key is the dimension's symbol or `INPUT:AXIS`. */
  readonly dimensions: Readonly<Record<string, number>>;
}

/** Headers and body of an inference request. */
export interface TrialRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export type TrialQuestion = { [Name in keyof Trial]: { ask: Name; with: Parameters<Trial[Name]> } }[keyof Trial];

export type TrialAnswer = { readonly answer: unknown } | { readonly failure: string };
