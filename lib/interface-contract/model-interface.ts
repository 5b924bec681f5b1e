import type { Signature } from '../../inference-image/src/contract/signature';

/** What clients of a model depend on. */
export interface ModelInterface extends Signature {
  /** In every URL. */
  readonly name: string;
}

/** An interface that was accepted: MODEL.contract.json, to be committed beside the model. */
export interface InterfaceContract extends ModelInterface {
  readonly contractVersion: 1;
  /** Of the model, when it was accepted. */
  readonly version: string;
}

/** What stands before the first dot: clients take another one for another interface. */
export function majorVersion(version: string): string {
  return version.split('.')[0]!;
}
