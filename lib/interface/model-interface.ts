import type { ClassOutput } from '../../inference-image/src/contract/picture-input';
import type { Signature } from '../../inference-image/src/contract/signature';
import type { Model } from '../model/model';

/** The properties of a model that clients depend on. */
export interface ModelInterface extends Signature {
  /** Name of the model, part of every URL. */
  readonly name: string;
  /** Largest picture, if clients may send pictures. */
  readonly picture?: { readonly maxPixels: number };
  /** Kind and names of classes, if clients may request a class. */
  readonly classes?: Omit<ClassOutput, 'output'>;
}

/** An accepted interface: MODEL.interface.json, to be committed beside the model. */
export interface AcceptedInterface extends ModelInterface {
  readonly interfaceVersion: 1;
  /** Version of the model that was accepted. */
  readonly version: string;
}

export function interfaceOf(model: Pick<Model, 'name' | 'signature' | 'picture' | 'classes'>): ModelInterface {
  const { name, signature, picture, classes } = model;
  return {
    name,
    ...signature,
    ...(picture && { picture: { maxPixels: picture.maxPixels } }),
    ...(classes && { classes: { kind: classes.kind, softmax: classes.softmax, names: classes.names } }),
  };
}

/** The part of a version before the first dot. A new major version may break clients of the old one. */
export function majorVersion(version: string): string {
  return version.split('.')[0]!;
}
