import type { BatchingPlan } from './batching-plan';
import type { GoldenExample } from './contract/golden';
import { MODEL_FILE, type ModelManifest } from './contract/model-manifest';
import { messageOf } from './errors';
import { GoldenExamples } from './golden-examples';
import type { Executor, Run } from './inference/executor';
import { checkGolden, type GoldenRun } from './inference/golden-check';
import { INLINE_RUN_SECONDS, type Measurement } from './inference/inline-executor';
import type { SessionSignature } from './inference/session';
import { ProbeRows, probeRows } from './inference/row-probe';
import { smallestRun, warmUp } from './inference/warm-up';
import type { Log } from './log';

/** A run that the model takes, and how long it took. */
interface Warm {
  readonly makeRun: () => Run;
  readonly measurement: Measurement;
}

export interface Prepared {
  /** How long the model runs; undefined where only real inputs would tell. */
  readonly measurement?: Measurement;
  /** Why its rows must not share a run; undefined if they may. */
  readonly batchingObstacle?: string;
}

/**
 * What an executor goes through before it gets work: the runtime sees the model that model.json describes, the model is
 * warm, and it reproduces the golden examples.
 */
export class Preparation {
  /** Read while executors load the model. */
  private readonly golden: Promise<readonly GoldenRun[]>;

  constructor(
    private readonly manifest: ModelManifest,
    examples: readonly GoldenExample[],
    folder: string,
    private readonly batching: BatchingPlan,
    private readonly log: Log,
  ) {
    this.golden = readExamples(manifest, examples, folder);
    // It is said where they are needed.
    this.golden.catch(() => undefined);
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

  async prepare(executor: Executor): Promise<Prepared> {
    const golden = await this.golden;
    const warm = await this.warmUp(executor, golden[0]);
    for (const each of golden) await checkGolden(executor, each);
    if (this.batching.maxBatchSize === 1) return { measurement: warm?.measurement };
    if (!warm) return { batchingObstacle: 'it does not run on zeros, and there is no golden example to try it with' };
    try {
      return await this.prepareBatches(executor, warm);
    } catch (error) {
      const batchingObstacle = `it does not run on the rows of a trial: ${messageOf(error)}`;
      return { measurement: warm.measurement, batchingObstacle };
    }
  }

  /** Tries the largest batch, and whether the rows of a batch are those that they would be alone. */
  private async prepareBatches(executor: Executor, { makeRun, measurement }: Warm): Promise<Prepared> {
    const { maxBatchSize, rowIndependence } = this.batching;
    const rows = new ProbeRows(makeRun());
    if (rowIndependence === 'probe') {
      const batchingObstacle = await probeRows(executor, rows, maxBatchSize);
      if (batchingObstacle !== undefined) return { measurement, batchingObstacle };
    }
    const makeBatch = () => rows.batch(maxBatchSize);
    if (measurement.runSeconds < INLINE_RUN_SECONDS && this.rowsAreOfOneSize) {
      return { measurement: { ...measurement, batch: await warmUp(executor, makeBatch) } };
    }
    // Warm already, if it was tried; and nobody asks how fast it is.
    if (rowIndependence === 'assume') await executor.run(makeBatch());
    return { measurement };
  }

  /** Else the time of many rows tells nothing of the time of a large one. */
  private get rowsAreOfOneSize(): boolean {
    const { inputs } = this.manifest.signature;
    return inputs.every(({ dimensions }) => dimensions.slice(1).every((size) => typeof size === 'number'));
  }

  /**
   * Some models refuse the smallest shape, a convolution over one element for example: that is no reason to refuse the
   * model. Golden examples, where there are some, are the better judge.
   */
  private async warmUp(executor: Executor, first: GoldenRun | undefined): Promise<Warm | undefined> {
    const makeRun = () => smallestRun(this.manifest.signature);
    try {
      return { makeRun, measurement: await warmUp(executor, makeRun) };
    } catch (error) {
      const level = first ? 'debug' : 'warn';
      this.log[level]({ error: messageOf(error) }, 'the model does not run on zeros of the smallest shape');
      return first && { makeRun: first.makeRun, measurement: await warmUp(executor, first.makeRun) };
    }
  }
}

async function readExamples(
  manifest: ModelManifest,
  examples: readonly GoldenExample[],
  folder: string,
): Promise<GoldenRun[]> {
  const golden = new GoldenExamples(manifest);
  const runs: GoldenRun[] = [];
  try {
    for (const example of examples) runs.push(await inExample(example.name, golden.run(example, folder)));
    return runs;
  } finally {
    await golden.close();
  }
}

/** Says of an error in which example it is. */
async function inExample<T>(name: string, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    throw new Error(`golden example ${JSON.stringify(name)}: ${messageOf(error)}`, { cause: error });
  }
}
