import { freeDimensions, type RowAxes } from '../contract/batching-verdict';
import { dimensionName, type Signature, type TensorSignature } from '../contract/signature';
import type { TrialRequest } from '../contract/trial';
import { copyTensor, joinRows, sliceRows } from '../inference/rows';
import { trialTensor } from '../inference/trial-values';
import { encodeJsonData } from '../json/json-data';
import { encodeBinaryData } from '../protocol/binary-data';
import type { Tensor } from '../tensor/tensor';

/** Inputs for measuring a model. */
export interface TrialInputs {
  /** Size of each dimension that is neither fixed nor counts rows, by name (`dimensionName`). */
  readonly dimensions: Readonly<Record<string, number>>;
  /**
   * Creates inputs with the given number of rows, or with one row if the row axes are not known. Each call creates new
   * inputs, because an executor takes ownership of them.
   */
  batch(rows: number): Tensor[];
}

/** Options of generated inputs. */
export interface MadeUpInputsOptions {
  /** Axes that count rows; undefined if they are not proved. */
  readonly axes?: RowAxes;
  /** Sizes by name (`dimensionName`). */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Example from which sizes that are not in `sizes` are taken. */
  readonly example?: readonly Tensor[];
  /** Size of dimensions that have a size neither in `sizes` nor in the example. @default 1 */
  readonly otherSize?: number;
  /**
   * Returns the value, from -1 to 1, of the element with this index. @default - sines, because kernels may be faster or
   * slower on zeros or equal values
   */
  readonly at?: (index: number) => number;
}

/** Generates inputs of the given sizes. */
export function madeUpInputs(
  signature: Signature,
  { axes, sizes: given, example = [], otherSize = 1, at = (index) => Math.sin(1 + index) }: MadeUpInputsOptions,
): TrialInputs {
  const sizes = { ...exampleSizes(signature, example), ...given };
  const names = freeDimensions(signature, axes);
  const dimensions = Object.fromEntries(names.map((name) => [name, sizes[name] ?? otherSize]));
  const shapeOf = (input: TensorSignature, rowAxis: number | null, rows: number) =>
    input.dimensions.map((size, axis) => {
      if (axis === rowAxis) return rows;
      if (typeof size === 'number') return size;
      // The symbol may count rows in another input; its size is then 1.
      return dimensions[dimensionName(input, axis)] ?? 1;
    });
  return {
    dimensions,
    batch: (rows) =>
      signature.inputs.map((input, i) => {
        const { name, datatype } = input;
        return trialTensor({ name, datatype, shape: shapeOf(input, axes?.inputAxes[i] ?? null, rows) }, { at });
      }),
  };
}

/** Creates inputs that repeat the first row of an example. */
export function exampleInputs(
  signature: Signature,
  axes: RowAxes | undefined,
  example: readonly Tensor[],
): TrialInputs {
  const sizes = exampleSizes(signature, example);
  const names = freeDimensions(signature, axes).filter((name) => sizes[name] !== undefined);
  const dimensions = Object.fromEntries(names.map((name) => [name, sizes[name]!]));
  return {
    dimensions,
    batch: (rows) =>
      example.map((tensor) => {
        const axis = axes?.inputAxes[signature.inputs.findIndex(({ name }) => name === tensor.name)] ?? null;
        if (axis === null) return copyTensor(tensor);
        const row = sliceRows(tensor, axis, 0, 1);
        return joinRows(new Array<Tensor>(rows).fill(row), axis);
      }),
  };
}

function exampleSizes({ inputs }: Signature, example: readonly Tensor[]): Record<string, number> {
  const sizes = inputs.flatMap((input) => {
    const shape = example.find(({ name }) => name === input.name)?.shape ?? [];
    return shape.map((size, axis) => [dimensionName(input, axis), size] as const);
  });
  return Object.fromEntries(sizes);
}

/**
 * Encodes a request with the given inputs for all outputs: as JSON, or as binary data if a tensor is FP16, which has no
 * JSON form.
 */
export function trialRequest({ inputs, outputs }: Signature, tensors: readonly Tensor[]): TrialRequest {
  const isBinary = [...inputs, ...outputs].some(({ datatype }) => datatype === 'FP16');
  return isBinary ? binaryRequest(tensors) : jsonRequest(tensors);
}

function jsonRequest(tensors: readonly Tensor[]): TrialRequest {
  const inputs = tensors.map((tensor) => `{${header(tensor)},"data":${encodeJsonData(tensor)}}`);
  return { headers: { 'content-type': 'application/json' }, body: Buffer.from(`{"inputs":[${inputs.join(',')}]}`) };
}

function binaryRequest(tensors: readonly Tensor[]): TrialRequest {
  const blobs = tensors.map(encodeBinaryData);
  const inputs = tensors.map((tensor, i) => {
    return `{${header(tensor)},"parameters":{"binary_data_size":${blobs[i]?.length}}}`;
  });
  const json = Buffer.from(`{"inputs":[${inputs.join(',')}],"parameters":{"binary_data_output":true}}`);
  const headers = {
    'content-type': 'application/octet-stream',
    'inference-header-content-length': String(json.length),
  };
  return { headers, body: Buffer.concat([json, ...blobs]) };
}

function header({ name, datatype, shape }: Tensor): string {
  return `"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(',')}]`;
}
