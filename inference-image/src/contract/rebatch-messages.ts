/**
 * Messages to and from tools/rebatch-program.ts, a process outside of containers that compares a model of one row with
 * its rebatched copy.
 */
import type { RowAxes } from './batching-verdict';
import type { PictureInput } from './picture-input';
import type { Signature } from './signature';

export interface RebatchOrder {
  /** The model of one row. */
  readonly originalPath: string;
  /** The same model with free rows. */
  readonly freedPath: string;
  /** Signature that the file of the model of one row declares. */
  readonly signature: Signature;
  readonly axes: RowAxes;
  /** Path of the golden examples of the model of one row. */
  readonly golden?: string;
  /** Set if the model accepts pictures. */
  readonly picture?: PictureInput;
}

export type RebatchReport =
  | RebatchComparison
  /** Description of a difference between the two models. */
  | { readonly difference: string }
  | { readonly failure: string }
  /** The runtime does not run on this machine. */
  | { readonly unavailable: string };

export interface RebatchComparison {
  /** Generated rows that were compared; 0 if the model refuses them. */
  readonly madeUpRows: number;
  /** Rows of golden examples that were compared in one run. */
  readonly exampleRows: number;
  /** Rows of the largest run. */
  readonly largestBatch: number;
  /** Largest difference of floating-point outputs, as a share of the largest magnitude in the output of the row. */
  readonly largestDifference: number;
}
