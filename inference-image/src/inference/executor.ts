import type { Tensor } from './tensor';

/** One run of the model: a request as it came, or several merged into a batch. */
export interface Run {
  readonly inputs: readonly Tensor[];
  /** Names of the outputs to compute; at least one. */
  readonly outputs: readonly string[];
  /** Whether the inputs' data come back with the result, to be used again. @default false */
  readonly returnInputs?: boolean;
}

export interface RunResult {
  /** In the order asked for. */
  readonly outputs: readonly Tensor[];
  /** Time in the runtime alone. */
  readonly runSeconds: number;
  /** Where the run asked for them. */
  readonly inputs?: readonly Tensor[];
}

/** Something that runs the model, one run at a time. */
export interface Executor {
  /** Takes ownership of the inputs' data: it may be on another thread afterwards. */
  run(run: Run): RunResult | Promise<RunResult>;
}
