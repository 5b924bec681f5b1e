/**
 * npm run bench:json: compares how fast the server reads and writes JSON tensors with JSON.parse and JSON.stringify.
 * Measures them alternately.
 */
import { isUtf8 } from 'node:buffer';
import type { Datatype } from '../../inference-image/src/contract/signature';
import type { Tensor } from '../../inference-image/src/tensor/tensor';
import { shortFloat32 } from '../../inference-image/src/json/number-text';
import { InferRequestDecoder } from '../../inference-image/src/protocol/infer-request';
import { InferResponseEncoder } from '../../inference-image/src/protocol/infer-response';
import { median } from '../../lib/base/quantile';
import { markdown, type Row } from './table';

/** Numbers of elements in the tensors. 3072 is a picture of CIFAR-10, and 150,528 is a picture of ImageNet. */
const SIZES = [4, 64, 1024, 3072, 150_528];
const ROUNDS = 9;
const ROUND_MS = 15;

const KINDS: Record<string, { datatype: 'FP32' | 'INT64'; value: () => number }> = {
  // These values have as many digits as numpy's tolist() writes for 32-bit floats.
  'FP32, 17 digits': { datatype: 'FP32', value: () => Math.fround(Math.random() - 0.5) },
  'FP32, 3 decimals': { datatype: 'FP32', value: () => Math.round(Math.random() * 1000) / 1000 },
  'FP32, whole': { datatype: 'FP32', value: () => Math.floor(Math.random() * 256) },
  'INT64, to 30,000': { datatype: 'INT64', value: () => Math.floor(Math.random() * 30_000) },
};

function bench(): void {
  const rows: Row[] = [];
  for (const [kind, { datatype, value }] of Object.entries(KINDS)) {
    for (const size of SIZES) rows.push(...rowsOf(kind, datatype, Array.from({ length: size }, value)));
  }
  console.log(markdown(rows));
}

function rowsOf(kind: string, datatype: 'FP32' | 'INT64', values: number[]): Row[] {
  const shape = [1, values.length];
  const dimensions = ['n', values.length];
  const signature = { inputs: [{ name: 'x', datatype, dimensions }], outputs: [{ name: 'y', datatype, dimensions }] };
  const decoder = new InferRequestDecoder(signature);
  const encoder = new InferResponseEncoder({ name: 'm', version: '1', signature });
  const body = Buffer.from(JSON.stringify({ inputs: [{ name: 'x', datatype, shape, data: values }] }));
  const request = decoder.decode(body);
  const outputs: Tensor[] = [{ ...request.inputs[0]!, name: 'y' }];
  return [
    row(
      `read ${values.length} x ${kind}`,
      () => decoder.decode(body),
      () => plainDecode(decoder, body),
    ),
    row(
      `write ${values.length} x ${kind}`,
      () => encoder.encode(request, outputs),
      () => plainEncode(datatype, outputs),
    ),
  ];
}

/** Decodes the whole body to text, and parses it with JSON.parse. */
function plainDecode(decoder: InferRequestDecoder, body: Buffer): unknown {
  return isUtf8(body) && decoder.read(JSON.parse(body.toString('utf8')));
}

/**
 * Writes the answer with JSON.stringify. Rounds float32 values as the server does; otherwise the text would be twice as
 * long.
 */
function plainEncode(datatype: Datatype, [output]: readonly Tensor[]): string {
  const { name, shape, data } = output!;
  const values =
    datatype === 'FP32' ? Array.from(data as Float32Array, shortFloat32) : Array.from(data as BigInt64Array, Number);
  return JSON.stringify({ model_name: 'm', model_version: '1', outputs: [{ name, datatype, shape, data: values }] });
}

function row(what: string, ours: () => unknown, plain: () => unknown): Row {
  const samples = { ours: [] as number[], plain: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    samples.ours.push(microseconds(ours));
    samples.plain.push(microseconds(plain));
  }
  const [a, b] = [median(samples.ours), median(samples.plain)];
  return {
    what,
    ours: `${a.toFixed(1)} µs`,
    baseline: `${b.toFixed(1)} µs`,
    ratio: (a / b).toFixed(2),
    target: '≤ 1.1',
  };
}

/** Average time per call in microseconds, measured over several milliseconds. */
function microseconds(call: () => unknown): number {
  let calls = 0;
  const start = performance.now();
  for (; performance.now() - start < ROUND_MS; calls++) call();
  return ((performance.now() - start) / calls) * 1000;
}

bench();
