import type { ClassOutput } from '../../inference-image/src/contract/picture-input';
import type { Signature } from '../../inference-image/src/contract/signature';
import type { OnnxModel } from '../model/onnx-model';

/** What clients of a model depend on. */
export interface ModelInterface extends Signature {
  /** In every URL. */
  readonly name: string;
  /** Where clients may send pictures: the most pixels that one may have. */
  readonly picture?: { readonly maxPixels: number };
  /** Where clients may ask for a class. */
  readonly classes?: Omit<ClassOutput, 'output'>;
}

/** An interface that was accepted: MODEL.interface.json, to be committed beside the model. */
export interface AcceptedInterface extends ModelInterface {
  readonly interfaceVersion: 1;
  /** Of the model, when it was accepted. */
  readonly version: string;
}

export function interfaceOf(model: Pick<OnnxModel, 'name' | 'signature' | 'picture' | 'classes'>): ModelInterface {
  const { name, signature, picture, classes } = model;
  return {
    name,
    ...signature,
    ...(picture && { picture: { maxPixels: picture.maxPixels } }),
    ...(classes && { classes: { kind: classes.kind, softmax: classes.softmax, names: classes.names } }),
  };
}

/** What stands before the first dot: clients take another one for another interface. */
export function majorVersion(version: string): string {
  return version.split('.')[0]!;
}
