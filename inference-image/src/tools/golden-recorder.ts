import type {
  GoldenOrder,
  GoldenRequest,
  RecordedExample,
  RecordedRequest,
  RecordedTensor,
  RecordTask,
  UnusableAnswers,
} from '../contract/golden';
import { goldenRequestSchema } from '../contract/schemas';
import { elementCount } from '../contract/signature';
import { messageOf } from '../base/errors';
import type { GoldenExamples } from '../host/golden-examples';
import { outputDifferences } from '../inference/golden-check';
import { isSame } from '../inference/rows';
import type { Session } from '../inference/session';
import type { Tensor } from '../tensor/tensor';
import { encodeBinaryData } from '../protocol/binary-data';
import { parseJson } from '../json/json';
import { encodeJsonData } from '../json/json-data';
import { areSame, isAllNaN, MadeUpRequests, seededRandom } from './made-up-requests';
import { mostTolerance, nudged, roundingTolerance } from './rounding';

/** Maximum number of elements of a tensor that is recorded as JSON; larger tensors are recorded as bytes. */
const MAX_JSON_ELEMENTS = 4096;

/** Allowed difference between two runs of the same session, which round in the same way. */
const REPEATED = { absolute: 1e-5, relative: 1e-4 };

type RandomTask = Extract<RecordTask, { readonly random: unknown }>['random'];

interface Request {
  readonly name: string;
  readonly picture?: string;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly string[];
}

/** Error for a request or a model whose answers cannot be recorded. */
export class Unusable extends Error {
  constructor(readonly answers: UnusableAnswers) {
    super(answers.kind);
  }
}

/** Runs a model on requests to record its answers. Refuses answers that could not detect a changed model. */
export class GoldenRecorder {
  /** @param plain Session of the same model without optimizations, if the runtime accepts that. */
  constructor(
    private readonly session: Session,
    private readonly plain: Session | undefined,
    private readonly golden: GoldenExamples,
    private readonly order: GoldenOrder,
  ) {}

  /** @throws Unusable if an answer cannot be recorded. */
  async record(task: RecordTask): Promise<RecordedExample[]> {
    const requests = 'random' in task ? this.madeUp(task.random) : await this.read(task.record);
    const answers = requests.map((request) => this.answer(request));
    refuseConstant(requests, answers);
    return requests.map((request, i) => this.example(request, answers[i]!));
  }

  private madeUp({ count, seed, sizes }: RandomTask): Request[] {
    const { signature, axes, takes = {} } = this.order;
    const made = new MadeUpRequests(this.session, { signature, axes, takes, sizes, seed });
    const outputs = signature.outputs.map(({ name }) => name);
    const inputs = made.make(count);
    if ('fault' in inputs) throw new Unusable(inputs.fault);
    return inputs.requests.map((each, i) => ({ name: `random ${i + 1}`, inputs: each, outputs }));
  }

  private async read(requests: readonly RecordedRequest[]): Promise<Request[]> {
    const read: Request[] = [];
    for (const request of requests) {
      const { name } = request;
      try {
        if ('picture' in request) {
          read.push({ ...(await this.golden.picture(request.picture)), name, picture: request.picture });
        } else {
          read.push({ ...this.requestOf(request), name });
        }
      } catch (error) {
        throw new Unusable({ kind: 'refused', example: name, reason: messageOf(error) });
      }
    }
    return read;
  }

  private requestOf(request: Exclude<RecordedRequest, { picture: string }>) {
    if ('json' in request) {
      return this.golden.request(checkedRequest(parseJson(request.json, { exactIntegers: true })), request.folder);
    }
    const inputs = request.arrays.map(({ base64, ...header }) => ({ ...header, data: Buffer.from(base64, 'base64') }));
    // The elements are bytes, and are read like those of a file.
    return this.golden.request({ inputs } as unknown as GoldenRequest, '');
  }

  /** Runs the request twice, because an answer that differs the second time could not be reproduced later. */
  private answer({ name, inputs, outputs }: Request): readonly Tensor[] {
    let answers: readonly Tensor[];
    try {
      answers = this.session.run({ inputs, outputs }).outputs;
    } catch (error) {
      throw new Unusable({ kind: 'refused', example: name, reason: messageOf(error) });
    }
    const unknown = answers.find(isAllNaN);
    if (unknown) {
      throw new Unusable({ kind: 'nan', example: name, output: unknown.name, elements: unknown.data.length });
    }
    const differences = outputDifferences(
      this.session.run({ inputs, outputs }).outputs,
      answers.map((output) => ({ ...output, tolerance: REPEATED })),
    );
    if (differences.length > 0) throw new Unusable({ kind: 'random', example: name, difference: differences[0]! });
    return answers;
  }

  private example({ name, picture, inputs, outputs }: Request, answers: readonly Tensor[]): RecordedExample {
    const others = this.otherAnswers(inputs, outputs);
    const recorded = answers.map((output, i) => ({
      ...recordedTensor(output),
      tolerance: roundingTolerance(
        output,
        others.flatMap((each) => (String(each[i]!.shape) === String(output.shape) ? each[i]! : [])),
      ),
    }));
    const request = picture === undefined ? { inputs: inputs.map(recordedTensor) } : { picture };
    return { name, ...request, outputs: recorded, unstable: unstableOutput(answers, others) };
  }

  /** Answers to the same request, computed with different rounding. */
  private otherAnswers(inputs: readonly Tensor[], outputs: readonly string[]): (readonly Tensor[])[] {
    const random = seededRandom(1);
    const runs = [
      { session: this.session, inputs: nudged(inputs, random) },
      ...(this.plain ? [{ session: this.plain, inputs }] : []),
    ];
    return runs.flatMap((run) => {
      try {
        return [run.session.run({ inputs: run.inputs, outputs }).outputs];
      } catch {
        return [];
      }
    });
  }
}

/** Describes an output that rounding changes by more than the largest tolerance. */
function unstableOutput(answers: readonly Tensor[], others: readonly (readonly Tensor[])[]): string | undefined {
  const expected = answers.flatMap((output) => {
    const absolute = mostTolerance(output);
    return absolute === undefined ? [] : { ...output, tolerance: { absolute, relative: 0 } };
  });
  return others.flatMap((outputs) => outputDifferences(outputs, expected))[0];
}

function checkedRequest(json: unknown): GoldenRequest {
  const { data, error } = goldenRequestSchema.safeParse(json);
  if (data) return data;
  const [first] = error!.issues;
  throw new Error(`${first!.path.join('.') || 'the request'}: ${first!.message}`);
}

function refuseConstant(requests: readonly Request[], answers: readonly (readonly Tensor[])[]): void {
  const [first] = requests;
  const differ = requests.some(({ inputs }) => !areEqual(inputs, first!.inputs));
  const names = (each: readonly Tensor[]) => each.map(({ name }) => name).join();
  const isConstant = answers.every((each) => names(each) === names(answers[0]!) && areSame(answers[0]!, each));
  if (differ && isConstant) throw new Unusable({ kind: 'constant', count: requests.length });
}

function areEqual(a: readonly Tensor[], b: readonly Tensor[]): boolean {
  return a.length === b.length && a.every((tensor, i) => isSame(tensor, b[i]!));
}

function recordedTensor(tensor: Tensor): RecordedTensor {
  const { name, datatype, shape } = tensor;
  const asBytes = datatype === 'FP16' || elementCount(shape) > MAX_JSON_ELEMENTS;
  const elements = asBytes ? { base64: encodeBinaryData(tensor).toString('base64') } : { json: encodeJsonData(tensor) };
  return { name, datatype, shape, elements };
}
