/** Attacks with binary tensors whose lengths and sizes are wrong. */
import { again, atOnce, inferPath, largest, Tally, type Attack, type Target } from '../attack';
import { gzip, MIB } from '../wire/bytes';
import { ask } from '../wire/http1';

interface Made {
  /** JSON before the binary data. */
  readonly json: string;
  readonly blobs: Buffer;
  /** Value of the Inference-Header-Content-Length header. @default - the actual length of the JSON */
  readonly length?: number;
}

async function send(target: Target, tally: Tally, { json, blobs, length }: Made, times = 4): Promise<void> {
  const body = gzip(Buffer.concat([Buffer.from(json), blobs]));
  const headers = {
    'content-type': 'application/octet-stream',
    'content-encoding': 'gzip',
    'inference-header-content-length': String(length ?? Buffer.byteLength(json)),
  };
  await atOnce(times, () => ask(target, tally, { path: inferPath(target), headers, body }));
}

function input({ inputs }: Target, shape: readonly number[], size: number, index = 0): string {
  const { name, datatype } = inputs[index]!;
  return `{"name":"${name}","datatype":"${datatype}","shape":[${shape}],"parameters":{"binary_data_size":${size}}}`;
}

/** Shape with the given number of elements. */
function shapeOf({ inputs }: Target, count: number): number[] {
  return inputs[0]!.shape.map((_, axis) => (axis === 0 ? count : 1));
}

function attack(
  name: string,
  what: string,
  make: (target: Target, size: number) => Made,
  more: Partial<Attack> = {},
): Attack {
  return {
    name,
    what,
    ...more,
    async run(target) {
      const tally = new Tally();
      const [whole, small] = [make(target, largest(target)), make(target, MIB - 1000)];
      await send(target, tally, whole);
      await again(4, target.seconds / 3, () => send(target, tally, small, 1));
      return tally;
    },
  };
}

const REFUSED = /^(HTTP (400|408|413|429)|closed.*)$/;

export const binary: readonly Attack[] = [
  attack(
    'binary-empty-texts',
    'a BYTES tensor of empty strings, which take four bytes each',
    (target, size) => {
      const count = Math.floor(size / 4) - 100;
      const bytes = 4 * count;
      return { json: `{"inputs":[${input(target, shapeOf(target, count), bytes)}]}`, blobs: Buffer.alloc(bytes) };
    },
    { model: 'text', short: true },
  ),
  attack(
    'binary-more-texts-than-the-shape',
    'many empty strings for a shape with one element',
    (target, size) => {
      const bytes = 4 * (Math.floor(size / 4) - 100);
      return { json: `{"inputs":[${input(target, shapeOf(target, 1), bytes)}]}`, blobs: Buffer.alloc(bytes) };
    },
    { model: 'text', statuses: REFUSED },
  ),
  attack(
    'binary-text-lengths-that-lie',
    'strings whose declared lengths exceed the binary data',
    (target, size) => {
      const bytes = 4 * (Math.floor(size / 4) - 100);
      const json = `{"inputs":[${input(target, shapeOf(target, bytes / 4), bytes)}]}`;
      return { json, blobs: Buffer.alloc(bytes, 0xff) };
    },
    { model: 'text', statuses: REFUSED },
  ),
  attack(
    'binary-sizes-that-lie',
    'declared tensor sizes that are negative, too small, or larger than the body',
    (target, size) => {
      const sizes = [2 ** 31, 2 ** 53, -1, 0, size];
      const json = `{"inputs":[${sizes.map((each) => input(target, [1, 2], each)).join()}]}`;
      return { json, blobs: Buffer.alloc(size - json.length) };
    },
    { statuses: REFUSED },
  ),
  attack(
    'binary-many-empty-blobs',
    'as many inputs as fit, each with no bytes of binary data',
    (target, size) => {
      const one = input(target, [0], 0);
      const inputs = new Array<string>(Math.floor(size / (one.length + 1)) - 1).fill(one);
      return { json: `{"inputs":[${inputs.join()}]}`, blobs: Buffer.alloc(0) };
    },
    { statuses: REFUSED },
  ),
  attack(
    'binary-header-length-lies',
    'a declared length of the JSON that ends within binary data that looks like JSON',
    (_target, size) => ({ json: '{"inputs":[', blobs: Buffer.alloc(size - 20, '{},'), length: size - 20 }),
    { statuses: REFUSED },
  ),
  attack(
    'binary-shape-overflows',
    'a shape with more than 2^53 elements',
    (target, size) => ({
      json: `{"inputs":[${input(target, [2 ** 31, 2 ** 31, 2 ** 31], size)}]}`,
      blobs: Buffer.alloc(size - 300),
    }),
    { statuses: REFUSED },
  ),
  attack(
    'binary-for-many-inputs',
    'valid binary data for one of several inputs, and none for the others',
    (target, size) => {
      const rows = Math.floor(size / 16) - 50;
      return { json: `{"inputs":[${input(target, [rows, 4], rows * 16)}]}`, blobs: Buffer.alloc(rows * 16) };
    },
    { model: 'several', statuses: REFUSED },
  ),
];
