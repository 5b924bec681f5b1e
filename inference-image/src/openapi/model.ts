import type { ClassOutput, PictureInput } from '../contract/picture-input';
import type { Signature } from '../contract/signature';

/** Facts about a model that its OpenAPI document contains. */
export interface DescribedModel {
  readonly name: string;
  readonly version: string;
  readonly signature: Signature;
  /** Model card; the document uses its title and description. */
  readonly properties?: Readonly<Record<string, string>>;
  /**
   * Conversion of pictures to the model's input; the field has the same name in model.json. @default - only tensors are
   * accepted
   */
  readonly image?: PictureInput;
  /** Conversion of the model's answer to a class. @default - only tensors are returned */
  readonly classes?: ClassOutput;
}
