/** What a process outside of any container is to do with a model whose rows were freed: tools/rebatch-program.ts. */
import type { RowAxes } from './batching-verdict';
import type { PictureInput } from './picture-input';
import type { Signature } from './signature';

export interface RebatchOrder {
  /** The model of one row. */
  readonly originalPath: string;
  /** The same model with free rows. */
  readonly freedPath: string;
  /** Of the model of one row, as its file declares it. */
  readonly signature: Signature;
  readonly axes: RowAxes;
  /** Golden examples of the model of one row, by the path of their file. */
  readonly golden?: string;
  /** Of a model that takes pictures. */
  readonly picture?: PictureInput;
}

export type RebatchReport =
  | RebatchComparison
  /** In words, where the two models differ. */
  | { readonly difference: string }
  | { readonly failure: string }
  /** The runtime does not run on this machine. */
  | { readonly unavailable: string };

export interface RebatchComparison {
  /** Made-up rows that were compared; 0 where the model refuses them. */
  readonly madeUpRows: number;
  /** Rows of golden examples that were compared in one run. */
  readonly exampleRows: number;
  /** Rows of the largest run. */
  readonly largestBatch: number;
  /** Of floating-point outputs, as a share of the largest magnitude in the output of its row. */
  readonly largestDifference: number;
}
