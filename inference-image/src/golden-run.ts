/** Runs golden examples where a plan is made, by the very code that checks them in the container. Never in an image. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { RowAxes } from './contract/batching-verdict';
import type {
  GoldenDifference,
  GoldenRunOrder,
  GoldenRunReport,
  RecordedExample,
  RecordedRequest,
  RecordedTensor,
} from './contract/golden-run';
import { REPORT_PREFIX } from './contract/report';
import { goldenFileSchema, goldenRequestSchema } from './contract/schemas';
import { messageOf } from './errors';
import { elementCount, type Signature } from './contract/signature';
import type { GoldenRequest } from './contract/golden';
import { GoldenExamples } from './golden-examples';
import { goldenDifferences, type GoldenRun } from './inference/golden-check';
import type { Session } from './inference/session';
import type { Tensor } from './inference/tensor';
import { encodeBinaryData } from './protocol/binary-data';
import { parseJson } from './protocol/json';
import { madeUpInputs } from './profile/trial-inputs';
import { seededRandom } from './seeded-random';
import { encodeJsonData } from './protocol/json-data';

/** More of them are better kept as bytes. */
const MAX_JSON_ELEMENTS = 4096;

async function report({ modelPath, signature, axes, image, task }: GoldenRunOrder): Promise<GoldenRunReport> {
  let runtime: typeof import('./inference/session');
  try {
    runtime = await import('./inference/session.js');
  } catch (error) {
    return { unavailable: messageOf(error) };
  }
  const golden = new GoldenExamples({ signature, image });
  try {
    const session = new runtime.Session({ modelPath, threads: 1 });
    if ('check' in task) return { differences: await check(session, golden, task.check) };
    if ('random' in task) return { recorded: recordRandom(session, signature, axes, task.random) };
    return { recorded: await recordAll(session, golden, task.record) };
  } catch (error) {
    return { failure: messageOf(error) };
  } finally {
    await golden.close();
  }
}

async function check(session: Session, golden: GoldenExamples, path: string) {
  const { examples } = goldenFileSchema.parse(readJson(readFileSync(path, 'utf8')));
  const all: GoldenDifference[] = [];
  for (const example of examples) {
    const { name } = example;
    try {
      const run = await golden.run(example, dirname(path));
      all.push(...(await differences(session, run)).map((what) => ({ example: name, what, isRefused: false })));
    } catch (error) {
      all.push({ example: name, what: messageOf(error), isRefused: true });
    }
  }
  return all;
}

/** An example that cannot be run is as wrong as one that is not reproduced. */
async function differences(session: Session, golden: GoldenRun): Promise<string[]> {
  try {
    return await goldenDifferences(session, golden);
  } catch (error) {
    return [messageOf(error)];
  }
}

async function recordAll(
  session: Session,
  golden: GoldenExamples,
  requests: readonly RecordedRequest[],
): Promise<RecordedExample[]> {
  const recorded: RecordedExample[] = [];
  for (const request of requests) {
    try {
      recorded.push(await record(session, golden, request));
    } catch (error) {
      throw new Error(`${request.name}: ${messageOf(error)}`, { cause: error });
    }
  }
  return recorded;
}

async function record(session: Session, golden: GoldenExamples, request: RecordedRequest): Promise<RecordedExample> {
  const { name } = request;
  if ('picture' in request) {
    const { inputs, outputs } = await golden.picture(request.picture);
    return { name, picture: request.picture, outputs: session.run({ inputs, outputs }).outputs.map(recordedTensor) };
  }
  const { inputs, outputs } = golden.request(checkedRequest(readJson(request.json)), request.folder);
  return answer(session, name, inputs, outputs);
}

function checkedRequest(json: unknown): GoldenRequest {
  const { data, error } = goldenRequestSchema.safeParse(json);
  if (data) return data;
  const [first] = error!.issues;
  throw new Error(`${first!.path.join('.') || 'the request'}: ${first!.message}`);
}

/** The first has one row, and each of the others one more where it is known where rows are. */
function recordRandom(
  session: Session,
  signature: Signature,
  axes: RowAxes | undefined,
  { count, seed }: { count: number; seed: number },
) {
  const random = seededRandom(seed);
  const inputs = madeUpInputs(signature, { axes, at: () => 2 * random() - 1 });
  const outputs = signature.outputs.map(({ name }) => name);
  return Array.from({ length: count }, (_, i) => answer(session, `random ${i + 1}`, inputs.batch(i + 1), outputs));
}

function answer(
  session: Session,
  name: string,
  inputs: readonly Tensor[],
  outputs: readonly string[],
): RecordedExample {
  const recorded = inputs.map(recordedTensor);
  return { name, inputs: recorded, outputs: session.run({ inputs, outputs }).outputs.map(recordedTensor) };
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
