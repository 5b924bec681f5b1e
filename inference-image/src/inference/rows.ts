import { elementCount } from '../contract/signature';
import { TYPED_ARRAY, type NumericDatatype, type Tensor, type TensorData } from './tensor';

/** Gives room for so many elements; what it holds does not matter. */
export type Allocate = (datatype: NumericDatatype, count: number) => TensorData;

const allocateNew: Allocate = (datatype, count) => new TYPED_ARRAY[datatype](count);

/** The rows of one tensor after those of another: they differ in dimension 0 alone. */
export function joinRows(tensors: readonly Tensor[], allocate = allocateNew): Tensor {
  const { name, datatype, shape } = tensors[0] as Tensor;
  const rows = tensors.reduce((total, tensor) => total + (tensor.shape[0] as number), 0);
  const joined = [rows, ...shape.slice(1)];
  if (datatype === 'BYTES') {
    return { name, datatype, shape: joined, data: tensors.flatMap(({ data }) => data as string[]) };
  }
  const data = allocate(datatype, elementCount(joined));
  let at = 0;
  for (const tensor of tensors) {
    (data as Float32Array).set(tensor.data as Float32Array, at);
    at += tensor.data.length;
  }
  return { name, datatype, shape: joined, data };
}

/** Some rows of a tensor, not copied. */
export function sliceRows({ name, datatype, shape, data }: Tensor, start: number, rows: number): Tensor {
  const size = elementCount(shape.slice(1));
  const [from, to] = [start * size, (start + rows) * size];
  const part = Array.isArray(data) ? data.slice(from, to) : data.subarray(from, to);
  return { name, datatype, shape: [rows, ...shape.slice(1)], data: part };
}
