import type { ClassOutput, PictureInput } from '../picture-input';
import type { Signature } from '../signature';

/** Description of a model, from which its document is made. */
export interface DescribedModel {
  readonly name: string;
  readonly version: string;
  readonly signature: Signature;
  /** Model card, whose title and description the document also uses. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Conversion of pictures to its input; the key is that of model.json. @default - only tensors are accepted */
  readonly image?: PictureInput;
  /** Conversion of its answer to a class. @default - only tensors are returned */
  readonly classes?: ClassOutput;
}
