/** Messages to and from tools/load-program.ts, a process outside of containers that loads a model and runs it. */
import type { Signature } from './signature';

export interface LoadOrder {
  readonly modelPath: string;
  /** Signature that the file declares. */
  readonly signature: Signature;
  /** Limits of the trial, which begins when the model is loaded. The process ends itself if it exceeds them. */
  readonly trial: { readonly seconds: number; readonly memoryBytes: number };
  /** Whether to run the model on empty inputs too. */
  readonly triesEmpty: boolean;
}

/** First line of the report. */
export type LoadReport =
  | { readonly outputs: readonly InferredOutput[] }
  | { readonly failure: string }
  /** The runtime does not run on this machine. */
  | { readonly unavailable: string };

/** Output as inferred by the runtime from the graph. It has no rank or size that contradicts the declaration. */
export interface InferredOutput {
  readonly name: string;
  /** Fixed sizes, and -1 for all others. */
  readonly shape: readonly number[];
}

/** Further lines of the report: a run that succeeded, or the reason why the trial stopped. */
export type TrialReport =
  | { readonly run: TrialRun }
  | { readonly stopped: string; readonly byLimit?: true }
  /** A run begins that may end the process. As the last line before a crash, it identifies the cause. */
  | { readonly edge: 'empty'; readonly shapes: TrialRun['inputs'] }
  | { readonly edge: 'integers' };

/** Shapes of one run, in the order of the signature; undefined for outputs that were not requested. */
export interface TrialRun {
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly (readonly number[] | undefined)[];
}
