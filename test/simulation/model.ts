import type { ModelManifest } from '../../inference-image/src/contract/model-manifest';
import type { Tensor } from '../../inference-image/src/tensor/tensor';

/** Dimensions of x and y of the model y = x. Requests with different widths cannot share a run. */
const dimensions = ['n', 'm'];

export const MODEL = {
  name: 'm',
  version: '1',
  signature: {
    inputs: [{ name: 'x', datatype: 'FP32', dimensions }],
    outputs: [{ name: 'y', datatype: 'FP32', dimensions }],
  },
} as unknown as ModelManifest;

export const AXES = { inputAxes: [0], outputAxes: [0] };

/** Upper bound of a request's rows. Because of it, each value of a tensor identifies a request and one of its rows. */
const MAX_ROWS = 1024;

export function valuesOf(request: number, rows: number, width: number): number[] {
  return Array.from({ length: rows * width }, (_, i) => request * MAX_ROWS + Math.floor(i / width));
}

/** Numbers of the requests whose rows are in a tensor, without duplicates. */
export function requestsIn({ data }: Tensor): number[] {
  const requests: number[] = [];
  for (const value of data as Float32Array) {
    const request = Math.floor(value / MAX_ROWS);
    if (!requests.includes(request)) requests.push(request);
  }
  return requests;
}

/** Output of the model for an input. Extra rows simulate a coupled model. */
export function outputOf({ shape, data }: Tensor, extraRows = 0): Tensor {
  const [rows, width] = shape as [number, number];
  const values = new Float32Array((rows + extraRows) * width);
  values.set(data as Float32Array);
  return { name: 'y', datatype: 'FP32', shape: [rows + extraRows, width], data: values };
}
