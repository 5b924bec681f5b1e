import type { ClassOutput, PictureInput } from '../picture-input';
import type { Signature } from '../signature';

/** What a document tells of a model. */
export interface DescribedModel {
  readonly name: string;
  readonly version: string;
  readonly signature: Signature;
  /** The model's card, whose title and description are the document's too. */
  readonly properties?: Readonly<Record<string, string>>;
  /** How pictures become its input, by its name in model.json. @default - it takes tensors alone */
  readonly image?: PictureInput;
  /** How its answer becomes a class. @default - it answers with tensors alone */
  readonly classes?: ClassOutput;
}
