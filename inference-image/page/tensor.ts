/** Element of a tensor in JSON; values without a JSON form are strings. */
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
