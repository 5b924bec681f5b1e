import type { GoldenExample } from './contract/golden';
import { MODEL_FILE, type ModelManifest } from './contract/model-manifest';
import { messageOf } from './errors';
import type { Executor } from './inference/executor';
import { checkGolden, type GoldenRun } from './inference/golden-check';
import type { Measurement } from './inference/inline-executor';
import type { SessionSignature } from './inference/session';
import { smallestRun, warmUp } from './inference/warm-up';
import type { Log } from './log';
import { decodeJsonData } from './protocol/json-data';
import type { InferRequestDecoder } from './protocol/infer-request';

/**
 * What an executor goes through before it gets work: the runtime sees the model that model.json describes, the model is
 * warm, and it reproduces the golden examples.
 */
export class Preparation {
  private readonly golden: readonly GoldenRun[];

  constructor(
    private readonly manifest: ModelManifest,
    examples: readonly GoldenExample[],
    decoder: InferRequestDecoder,
    private readonly log: Log,
  ) {
    this.golden = examples.map((example) => goldenRun(example, decoder));
  }

  checkSignature({ inputs, outputs }: SessionSignature): void {
    const { signature } = this.manifest;
    for (const [side, found, expected] of [
      ['inputs', inputs, signature.inputs],
      ['outputs', outputs, signature.outputs],
    ] as const) {
      const [has, says] = [found, expected].map((tensors) =>
        tensors
          .map(({ name, datatype }) => `${JSON.stringify(name)} (${datatype})`)
          .sort()
          .join(', '),
      );
      if (has !== says) throw new Error(`${MODEL_FILE} has the ${side} ${has}; model.json says ${says}`);
    }
  }

  /** @returns How long the model runs; undefined where only real inputs would tell. */
  async prepare(executor: Executor): Promise<Measurement | undefined> {
    const measurement = await this.warmUp(executor);
    for (const golden of this.golden) await checkGolden(executor, golden);
    return measurement;
  }

  /**
   * Some models refuse the smallest shape, a convolution over one element for example: that is no reason to refuse the
   * model. Golden examples, where there are some, are the better judge.
   */
  private async warmUp(executor: Executor): Promise<Measurement | undefined> {
    try {
      return await warmUp(executor, () => smallestRun(this.manifest.signature));
    } catch (error) {
      const [first] = this.golden;
      const level = first ? 'debug' : 'warn';
      this.log[level]({ error: messageOf(error) }, 'the model does not run on zeros of the smallest shape');
      return first && warmUp(executor, first.makeRun);
    }
  }
}

function goldenRun({ name, request, response, tolerance }: GoldenExample, decoder: InferRequestDecoder): GoldenRun {
  const outputs = response.outputs.map((output) => output.name);
  try {
    const { inputs } = decoder.read({ ...request, outputs: outputs.map((output) => ({ name: output })) });
    const expected = response.outputs.map((output) => {
      return { ...output, data: decodeJsonData(output, output.data) };
    });
    return { name, makeRun: () => ({ inputs: structuredClone(inputs), outputs }), expected, tolerance };
  } catch (error) {
    throw new Error(`golden example ${JSON.stringify(name)}: ${messageOf(error)}`, { cause: error });
  }
}
