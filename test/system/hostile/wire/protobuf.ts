import { varint } from '../../../support/http2-frames';
import type { Target } from '../attack';

/** Field numbers of ModelInferRequest and of the messages that it contains. */
export const REQUEST = { name: 1, version: 2, id: 3, parameters: 4, inputs: 5, outputs: 6, raw: 7 } as const;
export const INPUT = { name: 1, datatype: 2, shape: 3, parameters: 4, contents: 5 } as const;
export const CONTENTS = { bool: 1, int: 2, int64: 3, uint: 4, uint64: 5, fp32: 6, fp64: 7, bytes: 8 } as const;

/** Length-delimited field (wire type 2). */
export function field(number: number, content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

/**
 * Tag of a field.
 *
 * @param wireType 0: varint, 1: 64 bits, 2: length, 3 and 4: group, 5: 32 bits
 */
export function tag(number: number, wireType: number): Buffer {
  return varint(number * 8 + wireType);
}

/** Request to the model, with the given fields after the model's name. */
export function inferRequest({ model }: Target, ...rest: Buffer[]): Buffer {
  return Buffer.concat([field(REQUEST.name, model), ...rest]);
}

/** Field of a request that contains the model's first input, with the given fields after its shape. */
export function firstInput({ inputs }: Target, shape: Buffer, ...rest: Buffer[]): Buffer {
  const { name, datatype } = inputs[0]!;
  const parts = [field(INPUT.name, name), field(INPUT.datatype, datatype), field(INPUT.shape, shape), ...rest];
  return field(REQUEST.inputs, Buffer.concat(parts));
}

/** Sizes as packed varints. */
export function shapeOf(...sizes: number[]): Buffer {
  return Buffer.concat(sizes.map(varint));
}
