import type { Signature } from '../signature';

/** What a document tells of a model. */
export interface DescribedModel {
  readonly name: string;
  readonly version: string;
  readonly signature: Signature;
  /** @default - the name */
  readonly title?: string;
  /** @default - none */
  readonly description?: string;
}
