import type { Signature } from '../signature';

/** What a document tells of a model. */
export interface DescribedModel {
  readonly name: string;
  readonly version: string;
  readonly signature: Signature;
  /** The model's card, whose title and description are the document's too. */
  readonly properties?: Readonly<Record<string, string>>;
}
