/** What a process outside of any container is to do with a model and golden examples: tools/golden-program.ts. */
import type { RowAxes } from './batching-verdict';
import type { PictureInput } from './picture-input';
import type { GivenSizes } from './given-sizes';
import type { InputValuesByName } from './input-values';
import type { Datatype, Signature } from './signature';

export interface GoldenOrder {
  readonly modelPath: string;
  readonly signature: Signature;
  /** Where rows are, for made-up requests; undefined where that is not proved. */
  readonly axes?: RowAxes;
  /** What the graph shows of the inputs' values, for the same. */
  readonly takes?: InputValuesByName;
  /** Of a model that takes pictures. */
  readonly picture?: PictureInput;
  /** A golden file to reproduce, or what to record. */
  readonly task: { readonly check: string } | RecordTask;
}

/** Requests to record the answers to, or so many that are made up. */
export type RecordTask =
  | { readonly record: readonly RecordedRequest[] }
  | { readonly random: { readonly count: number; readonly seed: number; readonly sizes: GivenSizes } };

/** `name` is of the example that comes of it. */
export type RecordedRequest =
  | {
      readonly name: string;
      /** In JSON, as text: 64-bit integers stay exact. */
      readonly json: string;
      /** Where the files are that it names. */
      readonly folder: string;
    }
  /** By its path. */
  | { readonly name: string; readonly picture: string }
  | { readonly name: string; readonly arrays: readonly RequestedArray[] };

/** An input, its elements as the binary tensor extension has them, in base64. */
export interface RequestedArray {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly base64: string;
}

export type GoldenReport =
  | { readonly differences: readonly GoldenDifference[] }
  | { readonly recorded: readonly RecordedExample[] }
  | { readonly unusable: UnusableAnswers }
  | { readonly failure: string }
  /** The runtime does not run on this machine. */
  | { readonly unavailable: string };

/** Answers that guard nothing, or that no later run gives. */
export type UnusableAnswers =
  /** The model refuses the request, or all that are made up. */
  | { readonly kind: 'refused'; readonly example?: string; readonly reason: string }
  | { readonly kind: 'nan'; readonly example?: string; readonly output: string; readonly elements: number }
  /** So many requests that differ have the same answer. */
  | { readonly kind: 'constant'; readonly count: number }
  | { readonly kind: 'random'; readonly example: string; readonly difference: string };

/** What an output is and should not be; those that are reproduced are left out. */
export interface GoldenDifference {
  /** By name. */
  readonly example: string;
  readonly what: string;
  /** The example could not be read, and so was not run. */
  readonly isRefused: boolean;
}

export interface RecordedExample {
  readonly name: string;
  /** Of the request, where it is no picture. */
  readonly inputs?: readonly RecordedTensor[];
  /** The path of a picture, as it was given. */
  readonly picture?: string;
  readonly outputs: readonly RecordedTensor[];
  /** In words, an output that rounding moves further than any measured tolerance allows. */
  readonly unstable?: string;
}

/** Elements as JSON text, or where they are many or have no such form, as bytes in base64. */
export interface RecordedTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly elements: { readonly json: string } | { readonly base64: string };
  /** Of a floating-point output: the absolute difference that rounding may make. */
  readonly tolerance?: number;
}
