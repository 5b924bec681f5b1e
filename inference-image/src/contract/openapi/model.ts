import type { ClassOutput, PictureInput } from '../picture-input';
import type { Signature } from '../signature';

/** Facts about a model that its OpenAPI document contains. */
export interface DescribedModel {
  readonly name: string;
  readonly version: string;
  readonly signature: Signature;
  /** Model card; its title and description are also those of the document. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Conversion of pictures to the model's input; named as in model.json. @default - only tensors are accepted */
  readonly image?: PictureInput;
  /** Conversion of the model's answer to a class. @default - only tensors are returned */
  readonly classes?: ClassOutput;
}
