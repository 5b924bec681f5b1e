/** As a tensor's values are in JSON; what JSON has not is written as a string. */
export type Element = number | bigint | boolean | string;

export interface TensorMetadata {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

export interface Tensor extends TensorMetadata {
  readonly data: readonly Element[];
}

export interface ExpectedTensor extends Tensor {
  readonly tolerance: { readonly absolute: number; readonly relative: number };
}
