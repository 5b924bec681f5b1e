import { gzipSync } from 'node:zlib';
import type { FuzzModel } from './models';
import type { Random } from './random';
import { MAX_REQUEST_BYTES } from './target';

/**
 * Beginning, repeated part and end of JSON in which every few bytes are another object, key or level of nesting.
 */
const JSON_BOMBS: readonly (readonly [before: string, unit: string, after: string])[] = [
  ['{"inputs":[', '{},', '{}]}'],
  ['{"inputs":[', '[],', '[]]}'],
  ['{"inputs":[{"name":"x","datatype":"FP32","shape":[', '1,', '1],"data":[1]}]}'],
  ['{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":', '[', ''],
  ['{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[', '1,', '1]}]}'],
  ['{"inputs":[{"name":"x","datatype":"BYTES","shape":[1],"data":[', '"",', '""]}]}'],
  ['{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[', '9', ']}]}'],
  ['{"inputs":[{"name":"', '\\u0000', '","datatype":"FP32","shape":[1],"data":[1]}]}'],
  ['{"inputs":[{"name":"x","datatype":"', '\\\\', '","shape":[1],"data":[1]}]}'],
  ['{"inputs":[],"outputs":[', '{"name":"y"},', '{}]}'],
  ['{"parameters":', '{"a":', '1'],
  ['{', '"inputs":[],', '"inputs":[]}'],
  ['[', '{"":[]},', '{}]'],
  ['"', 'x', '"'],
  ['', ' ', '{}'],
];

/** Fields of a few bytes each, in hexadecimal, that can occur many times in a ModelInferRequest. */
const PROTO_BOMBS: readonly string[] = [
  '2200', // parameters
  '2a00', // inputs
  '3200', // outputs
  '3a00', // raw_input_contents
  '2a021a00', // an input with a shape
  '2a022a00', // an input with contents
  '2a020a00', // an input with a name
  'f80601', // a field that the message does not have
  '9b06', // a group that begins
  '0a00', // a name
];

/**
 * Fields of a few bytes each that can occur many times in an input or its contents, with the path of the surrounding
 * fields.
 */
const NESTED_BOMBS: readonly (readonly [path: readonly number[], unit: string])[] = [
  [[5], '1801'], // shape, each with a tag
  [[5], '1a0101'], // shape in pieces
  [[5], '2200'], // parameters
  [[5, 3], '01'], // packed shape
  [[5, 5], '4200'], // bytes_contents
  [[5, 5], '1801'], // int64_contents, each with a tag
  [[5, 5, 3], '01'], // packed int64_contents
  [[5, 5, 6], '00000000'], // packed fp32_contents
];

/** Size of a bomb in bytes: usually small, so that many can be sent, and sometimes nearly the maximum. */
function size(random: Random): number {
  const power = random.pick([6, 8, 10, 10, 12, 12, 14, 14, 16, 16, 18, 21]);
  return Math.min(MAX_REQUEST_BYTES - 1000, 2 ** power - random.below(2 ** (power - 1)));
}

/** JSON that makes a parser do much work per byte; sometimes its end is missing. */
export function jsonBomb(random: Random): Buffer {
  const [before, unit, after] = random.pick(JSON_BOMBS);
  const body = before + unit.repeat(size(random) / unit.length);
  return Buffer.from(random.chance(0.9) ? body + after : body);
}

/** Protobuf message that makes a decoder do much work per byte. */
export function protoBomb(random: Random): Buffer {
  const name = field(1, Buffer.from('m'));
  if (random.chance(0.5)) return Buffer.concat([name, filled(random, random.pick(PROTO_BOMBS))]);
  const [path, unit] = random.pick(NESTED_BOMBS);
  const nested = [...path].reverse().reduce((content, number) => field(number, content), filled(random, unit));
  return Buffer.concat([name, nested]);
}

/**
 * Request whose binary data is all zeros: empty strings if the model accepts strings, and numbers otherwise. The number
 * of elements may differ from the shape.
 */
export function binaryBomb(random: Random, { inputs }: FuzzModel): { json: string; data: Buffer } {
  const { name, datatype } = inputs[0]!;
  const data = Buffer.alloc(size(random) & ~3);
  const count = random.pick([1, data.length / 4, data.length, 2 ** 31]);
  const parameters = `{"binary_data_size":${random.pick([data.length, data.length + 4, 0])}}`;
  const one = `{"name":"${name}","datatype":"${datatype}","shape":[${count}],"parameters":${parameters}}`;
  return { json: `{"inputs":[${one}]}`, data };
}

/** Compresses half of the bodies. A compressed body can be much smaller than its content. */
export function packedSometimes(random: Random, body: Buffer): { body: Buffer; isPacked: boolean } {
  return random.chance(0.5) ? { body, isPacked: false } : { body: gzipSync(body), isPacked: true };
}

function filled(random: Random, hex: string): Buffer {
  const unit = Buffer.from(hex, 'hex');
  return Buffer.alloc(Math.ceil(size(random) / unit.length) * unit.length, unit);
}

function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(number * 8 + 2), varint(content.length), content]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
}
