/**
 * What a process does to measure a model. The library asks it over the channel between Node's processes, one question
 * at a time.
 */
export interface Trial {
  /** Loads the model with so many threads for a run, in place of the session before. */
  load(threads: number): TrialLoad;
  /**
   * Runs one row on what was loaded: its first run.
   * @throws Where the model refuses the inputs that there are for it
   */
  warmUp(): TrialWarmUp;
  /**
   * Runs a batch again and again after a run that does not count.
   * @returns Seconds of each run: of as many as take so long, but at least so many
   * @throws Where the model refuses a batch of that size
   */
  run(batchSize: number, seconds: number, runs: number): Promise<Float64Array>;
  /** A request of one row. */
  request(): TrialRequest;
  /** What an executor takes, beside the session that was loaded, once both have run batches of that size. */
  executorBytes(batchSize: number): Promise<number>;
}

export interface TrialLoad {
  readonly seconds: number;
  /** CPUs that a process here may use, by affinity and quota: possibly a fraction. */
  readonly cpus: number;
}

export interface TrialWarmUp {
  readonly seconds: number;
  /** The size of each dimension that is neither fixed nor counts rows, by its symbol or as `INPUT:AXIS`. */
  readonly dimensions: Readonly<Record<string, number>>;
}

/** The body of an inference request and the headers that go with it. */
export interface TrialRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export type TrialQuestion = { [Name in keyof Trial]: { ask: Name; with: Parameters<Trial[Name]> } }[keyof Trial];

export type TrialAnswer = { readonly answer: unknown } | { readonly failure: string };
