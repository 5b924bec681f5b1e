/** What a process outside of any container is to do with a model and golden examples: golden-run.ts. */
import type { RowAxes } from './batching-verdict';
import type { ImageInput } from './image-input';
import type { Signature } from './signature';

export interface GoldenRunOrder {
  readonly modelPath: string;
  readonly signature: Signature;
  /** Where rows are, for made-up requests; undefined where that is not proved. */
  readonly axes?: RowAxes;
  /** Of a model that takes pictures. */
  readonly image?: ImageInput;
  /** A golden file to reproduce, or what to record. */
  readonly task: { readonly check: string } | RecordTask;
}

/** Requests to record the answers to, or so many that are made up. */
export type RecordTask =
  | { readonly record: readonly RecordedRequest[] }
  | { readonly random: { readonly count: number; readonly seed: number } };

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
  | { readonly name: string; readonly picture: string };

export type GoldenRunReport =
  | { readonly differences: readonly GoldenDifference[] }
  | { readonly recorded: readonly RecordedExample[] }
  | { readonly failure: string }
  /** The runtime does not run on this machine. */
  | { readonly unavailable: string };

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
}

/** Elements as JSON text, or where they are many or have no such form, as bytes in base64. */
export interface RecordedTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly elements: { readonly json: string } | { readonly base64: string };
}
