/** Runs golden examples where a plan is made, by the very code that checks them in the container. Never in an image. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  REPORT_PREFIX,
  type GoldenRunOrder,
  type GoldenRunReport,
  type RecordedExample,
  type RecordedRequest,
  type RecordedTensor,
} from './contract/golden-run';
import { goldenFileSchema } from './contract/schemas';
import { messageOf } from './errors';
import { goldenRun, readGoldenRequest } from './golden-examples';
import { goldenDifferences } from './inference/golden-check';
import type { Session } from './inference/session';
import { elementCount, type Tensor } from './inference/tensor';
import { encodeBinaryData } from './protocol/binary-data';
import { InferRequestDecoder } from './protocol/infer-request';
import { parseJson } from './protocol/json';
import { encodeJsonData } from './protocol/json-data';

/** More of them are better kept as bytes. */
const MAX_JSON_ELEMENTS = 4096;

async function report({ modelPath, signature, task }: GoldenRunOrder): Promise<GoldenRunReport> {
  let runtime: typeof import('./inference/session');
  try {
    runtime = await import('./inference/session.js');
  } catch (error) {
    return { unavailable: messageOf(error) };
  }
  try {
    const session = new runtime.Session({ modelPath, threads: 1 });
    const decoder = new InferRequestDecoder(signature);
    if ('check' in task) return { differences: await check(session, decoder, task.check) };
    return { recorded: task.record.map((request) => record(session, decoder, request)) };
  } catch (error) {
    return { failure: messageOf(error) };
  }
}

async function check(session: Session, decoder: InferRequestDecoder, path: string) {
  const { examples } = goldenFileSchema.parse(readJson(readFileSync(path, 'utf8')));
  const all: { example: string; what: string }[] = [];
  for (const example of examples) {
    const found = await differences(session, () => goldenRun(example, dirname(path), decoder));
    all.push(...found.map((what) => ({ example: example.name, what })));
  }
  return all;
}

/** An example that cannot be run is as wrong as one that is not reproduced. */
async function differences(session: Session, makeGolden: () => ReturnType<typeof goldenRun>): Promise<string[]> {
  try {
    return await goldenDifferences(session, makeGolden());
  } catch (error) {
    return [messageOf(error).replace(/^golden example ".*?": /, '')];
  }
}

function record(session: Session, decoder: InferRequestDecoder, request: RecordedRequest): RecordedExample {
  const { name, json, folder } = request;
  try {
    const { inputs, outputs } = readGoldenRequest(readJson(json) as never, folder, decoder);
    const recorded = inputs.map(recordedTensor);
    return { name, inputs: recorded, outputs: session.run({ inputs, outputs }).outputs.map(recordedTensor) };
  } catch (error) {
    throw new Error(`${name}: ${messageOf(error)}`, { cause: error });
  }
}

function recordedTensor(tensor: Tensor): RecordedTensor {
  const { name, datatype, shape } = tensor;
  const asBytes = datatype === 'FP16' || elementCount(shape) > MAX_JSON_ELEMENTS;
  const elements = asBytes ? { base64: encodeBinaryData(tensor).toString('base64') } : { json: encodeJsonData(tensor) };
  return { name, datatype, shape, elements };
}

function readJson(text: string): unknown {
  return parseJson(text, { exactIntegers: true });
}

void report(JSON.parse(readFileSync(0, 'utf8')) as GoldenRunOrder).then((outcome) => {
  process.stdout.write(`${REPORT_PREFIX}${JSON.stringify(outcome)}\n`);
});
