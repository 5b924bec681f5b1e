/** What a process outside of any container reports of a model that it loads and then runs: tools/load-program.ts. */
import type { Signature } from './signature';

export interface LoadOrder {
  readonly modelPath: string;
  /** As the file declares it. */
  readonly signature: Signature;
  /** Limits of the trial, which begins when the model is loaded. The process ends itself beyond them. */
  readonly trial: { readonly seconds: number; readonly memoryBytes: number };
  /** Whether to run it on empty inputs as well. */
  readonly triesEmpty: boolean;
}

/** First line of the report. */
export type LoadReport =
  | { readonly outputs: readonly InferredOutput[] }
  | { readonly failure: string }
  /** The runtime does not run on this machine. */
  | { readonly unavailable: string };

/** An output as the runtime infers it from the graph. Where declaration and inference differ, it has no rank or size. */
export interface InferredOutput {
  readonly name: string;
  /** Fixed sizes, and -1 for others. */
  readonly shape: readonly number[];
}

/** Each further line: a run that succeeded, or why there are no more. */
export type TrialReport =
  | { readonly run: TrialRun }
  | { readonly stopped: string; readonly byLimit?: true }
  /** A run begins that may end the process. As the last line before a crash, it is what did. */
  | { readonly edge: 'empty'; readonly shapes: TrialRun['inputs'] }
  | { readonly edge: 'integers' };

/** The shapes of one run, in the order of the signature; undefined for outputs that were not asked for. */
export interface TrialRun {
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly (readonly number[] | undefined)[];
}
