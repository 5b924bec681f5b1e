import type { Tensor } from '../tensor/tensor';

/** One run of the model, for a single request or for several merged into a batch. */
export interface Run {
  readonly inputs: readonly Tensor[];
  /** Names of the outputs to compute; at least one. */
  readonly outputs: readonly string[];
  /** Whether the result returns the inputs' data for reuse. @default false */
  readonly returnInputs?: boolean;
}

export interface RunResult {
  /** Outputs in the order of the run's output names. */
  readonly outputs: readonly Tensor[];
  /** Time in the runtime, in seconds. */
  readonly runSeconds: number;
  /** Inputs, if `returnInputs` is set. */
  readonly inputs?: readonly Tensor[];
}

/** Runs the model, one run at a time. */
export interface Executor {
  /** Runs the model. Takes ownership of the inputs' data, which may move to another thread. */
  run(run: Run): RunResult | Promise<RunResult>;
}
