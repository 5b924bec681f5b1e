import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { initializer, node, value, writeOnnxModel } from '../support/onnx-builder';
import { folder, tinyModel } from './models';

/** Model with one float32 input `input` and one float32 output `output`, and a request to it. */
export interface ServingModel {
  readonly name: string;
  readonly title: string;
  readonly file: string;
  /** Shape of an input of one row: [1, …]. */
  readonly shape: number[];
  /** Input values with seven digits each, so that they are about as long in JSON as float32 values. */
  readonly values: number[];
}

export type ModelName = 'tiny' | 'mlp' | 'image';

export function servingModel(name: ModelName): ServingModel {
  const models = {
    tiny: () => ({ title: 'tiny MLP, 4 → 16 → 3', file: tinyModel(), shape: [1, 4] }),
    mlp: () => ({ title: '31 MB MLP, 64 → 1952 → 1952 → 1952 → 10', file: mlp(), shape: [1, 64] }),
    image: () => ({ title: 'convolutional network on 3 x 32 x 32 images', file: image(), shape: [1, 3, 32, 32] }),
  };
  const { title, file, shape } = models[name]();
  const values = noise(size(shape), 1, 7).map((v) => Number(v.toPrecision(7)));
  return { name, title, file, shape, values };
}

/** Output that onnxruntime computes in this process for the model's request. */
export async function expectedOutput({ file, shape, values }: ServingModel): Promise<number[]> {
  const session = await InferenceSession.create(file, { intraOpNumThreads: 1 });
  const { output } = await session.run({ input: new Tensor('float32', Float32Array.from(values), shape) });
  return Array.from(output!.data as Float32Array);
}

/**
 * Model with 7.8 million weights. Memory bandwidth limits a run of one row, and arithmetic limits a run of many rows.
 */
function mlp(): string {
  const widths = [64, 1952, 1952, 1952, 10];
  const layers = widths.slice(1).map((width, i) => dense(`h${i}`, `h${i + 1}`, widths[i]!, width, i < 3));
  return write('mlp', ['batch', 64], [node('Identity', ['input'], ['h0'])], layers, 'h4', 10);
}

/** The network of the CIFAR-10 tutorial, but with more and wider layers: 306 million multiplications per row. */
function image(): string {
  const layers = [
    convolution('input', 'c1', 3, 64),
    convolution('c1', 'c2', 64, 128),
    pool('c2', 'p2'),
    convolution('p2', 'c3', 128, 256),
    convolution('c3', 'c4', 256, 256),
    pool('c4', 'p4'),
    { nodes: [node('Flatten', ['p4'], ['flat'])], initializers: [] },
    dense('flat', 'd1', 256 * 8 * 8, 128, true),
    dense('d1', 'd2', 128, 10, false),
  ];
  return write('image', ['batch', 3, 32, 32], [], layers, 'd2', 10);
}

interface Layer {
  nodes: object[];
  initializers: object[];
}

function write(
  name: string,
  shape: (number | string)[],
  first: object[],
  layers: Layer[],
  last: string,
  width: number,
) {
  return writeOnnxModel(join(folder, `${name}.onnx`), {
    inputs: [value('input', 'float', shape)],
    outputs: [value('output', 'float', ['batch', width])],
    nodes: [...first, ...layers.flatMap(({ nodes }) => nodes), node('Identity', [last], ['output'])],
    initializers: layers.flatMap(({ initializers }) => initializers),
  });
}

function dense(from: string, to: string, rows: number, columns: number, active: boolean): Layer {
  const product = active ? `${to}_product` : to;
  return {
    nodes: [node('MatMul', [from, `${to}_w`], [product]), ...(active ? [node('Relu', [product], [to])] : [])],
    initializers: [weights(`${to}_w`, [rows, columns], rows)],
  };
}

function convolution(from: string, to: string, channels: number, filters: number): Layer {
  const attributes = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
  return {
    nodes: [node('Conv', [from, `${to}_w`], [`${to}_sum`], { attributes }), node('Relu', [`${to}_sum`], [to])],
    initializers: [weights(`${to}_w`, [filters, channels, 3, 3], channels * 9)],
  };
}

function pool(from: string, to: string): Layer {
  const attributes = { kernel_shape: [2, 2], strides: [2, 2] };
  return { nodes: [node('MaxPool', [from], [to], { attributes })], initializers: [] };
}

/** Random weights whose variance keeps activations near one. */
function weights(name: string, shape: number[], fanIn: number) {
  return initializer(name, 'float', shape, Float32Array.from(noise(size(shape), Math.sqrt(6 / fanIn), shape[0]!)));
}

/** Uniformly distributed numbers in ±scale, the same in every run. */
function noise(count: number, scale: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return scale * (state / 2 ** 31 - 1);
  });
}

function size(shape: number[]): number {
  return shape.reduce((a, b) => a * b);
}
