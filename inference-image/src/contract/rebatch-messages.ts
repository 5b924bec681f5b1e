/**
 * Messages to and from tools/rebatch-program.ts, which compares a model of one row with its rebatched copy in a process
 * outside containers.
 */
import type { RowAxes } from './batching-verdict';
import type { PictureInput } from './picture-input';
import type { Signature } from './signature';

export interface RebatchOrder {
  /** The model of one row. */
  readonly originalPath: string;
  /** Path of a copy of the model with a free number of rows. */
  readonly freedPath: string;
  /** Signature that the file of the original model declares. */
  readonly signature: Signature;
  readonly axes: RowAxes;
  /** Path of the original model's golden examples. */
  readonly golden?: string;
  /** Set if the model accepts pictures. */
  readonly picture?: PictureInput;
}

export type RebatchReport =
  | RebatchComparison
  /** Description of a difference between the two models. */
  | { readonly difference: string }
  | { readonly failure: string }
  /** The runtime cannot run on this machine. */
  | { readonly unavailable: string };

export interface RebatchComparison {
  /** Number of generated rows that were compared; 0 if the model refuses them. */
  readonly madeUpRows: number;
  /** Number of rows from golden examples that were compared, all of them in one run. */
  readonly exampleRows: number;
  /** Number of rows of the largest run. */
  readonly largestBatch: number;
  /** Largest difference of a floating-point output, as a fraction of the largest magnitude in the row's output. */
  readonly largestDifference: number;
}
