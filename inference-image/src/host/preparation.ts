import { type RowAxes, rowAxes } from '../contract/batching-verdict';
import type { GoldenExample } from '../contract/golden';
import { MODEL_FILE, type ModelManifest } from '../contract/model-manifest';
import { messageOf } from '../base/errors';
import { GoldenExamples } from './golden-examples';
import type { SharingPlan } from './sharing-plan';
import type { Executor, Run } from '../inference/executor';
import { checkGolden, type GoldenRun } from '../inference/golden-check';
import { INLINE_RUN_SECONDS, type Measurement } from '../inference/inline-executor';
import { RowLayout } from '../inference/row-layout';
import { trialBatches, tryRows, tryRowsInTurn, type RowTrial } from '../inference/row-trial';
import type { SessionSignature } from '../inference/session';
import { exampleRows, TrialRows } from '../inference/trial-rows';
import type { TrialRange } from '../inference/trial-values';
import { largerSizes, onesRun, warmUp, zerosRun } from '../inference/warm-up';
import type { Log } from '../base/log';

/** A run that the model accepts, and its measurement. */
interface Warm {
  readonly makeRun: () => Run;
  readonly measurement: Measurement;
  /** Whether the run comes from a golden example rather than generated values. */
  readonly isExample: boolean;
}

export interface Prepared {
  /** Measured run time; undefined if only real inputs could show it. */
  readonly measurement?: Measurement;
  /** Result of the trial of rows; undefined if there was no trial. */
  readonly trial?: RowTrial;
}

/**
 * Prepares an executor for work: checks that the runtime sees the model that model.json describes, warms the model up,
 * and checks that it reproduces the golden examples.
 */
export class Preparation {
  /** Golden examples; read while executors load the model. */
  private readonly golden: Promise<readonly GoldenRun[]>;
  /** Whether the warning that no run succeeded was logged; it is logged once for all executors. */
  private hasWarnedUnrun = false;

  constructor(
    private readonly manifest: ModelManifest,
    examples: readonly GoldenExample[],
    folder: string,
    private readonly sharing: SharingPlan,
    private readonly log: Log,
  ) {
    this.golden = readExamples(manifest, examples, folder);
    // `prepare` awaits the promise and reports a failure.
    this.golden.catch(() => undefined);
  }

  checkSignature({ inputs, outputs }: SessionSignature): void {
    const { signature } = this.manifest;
    for (const [side, found, expected] of [
      ['inputs', inputs, signature.inputs],
      ['outputs', outputs, signature.outputs],
    ] as const) {
      const [actual, declared] = [found, expected].map((tensors) =>
        tensors
          .map(({ name, datatype }) => `${JSON.stringify(name)} (${datatype})`)
          .sort()
          .join(', '),
      );
      if (actual === declared) continue;
      throw new Error(`the ${side} of ${MODEL_FILE} are ${actual}, but model.json declares ${declared}`);
    }
  }

  async prepare(executor: Executor): Promise<Prepared> {
    const golden = await this.golden;
    const warm = await this.warmUp(executor, golden[0]);
    for (const each of golden) await checkGolden(executor, each);
    const { axes } = this.sharing;
    if (!axes) return { measurement: warm?.measurement };
    if (!warm) return { trial: notTried('the model does not run on zeros, and no golden example is available') };
    const layout = new RowLayout(this.manifest.signature, axes);
    try {
      const prepared = await this.prepareBatches(executor, warm, layout, axes);
      const isRefused = prepared.trial?.isRefused === true;
      if (prepared.trial?.obstacle !== undefined && !isRefused) return prepared;
      const trial = await this.tryExamples(executor, golden, layout);
      // If the model refused the generated rows, only golden examples can show a difference.
      if (isRefused) return trial ? { ...prepared, trial } : prepared;
      return { ...prepared, trial: prepared.trial && trial ? worse(prepared.trial, trial) : prepared.trial };
    } catch (error) {
      const trial = notTried(`the model does not run on the rows of the trial: ${messageOf(error)}`);
      return { measurement: warm.measurement, trial };
    }
  }

  /** Runs the largest batch, and checks whether rows have the same results in a batch as alone. */
  private async prepareBatches(
    executor: Executor,
    { makeRun, measurement, isExample }: Warm,
    layout: RowLayout,
    axes: RowAxes,
  ): Promise<Prepared> {
    const { maxBatchSize, tolerance } = this.sharing;
    const { signature } = this.manifest;
    const template = makeRun();
    const batches = trialBatches(maxBatchSize);
    const rowsIn = (range: TrialRange, keepsCommon = isExample) => {
      return new TrialRows({ signature, axes, template, keepsCommon, range });
    };
    let rows = rowsIn('bits');
    let trial: RowTrial | undefined;
    if (tolerance !== undefined) {
      const sources = [rowsIn('wide'), rowsIn('digits'), rows, rowsIn('unit')];
      // For inputs that all rows share, the model may accept only the values of the warm-up.
      if (axes.inputAxes.includes(null)) sources.push(rowsIn('bits', true));
      const { source = rows, ...outcome } = await tryRowsInTurn({ executor, layout, tolerance }, sources, batches);
      if (outcome.obstacle !== undefined) return { measurement, trial: outcome };
      [rows, trial] = [source, outcome];
    }
    const makeBatch = () => rows.run(batches.at(-1) as number[]);
    if (measurement.runSeconds < INLINE_RUN_SECONDS && this.rowsAreOfOneSize(axes)) {
      return { measurement: { ...measurement, batch: await warmUp(executor, makeBatch) }, trial };
    }
    // A trial, if there was one, has already warmed the model up for large batches.
    if (tolerance === undefined) await executor.run(makeBatch());
    return { measurement, trial };
  }

  /** Runs the trial with rows of golden examples, which have values that the model expects. */
  private async tryExamples(
    executor: Executor,
    golden: readonly GoldenRun[],
    layout: RowLayout,
  ): Promise<RowTrial | undefined> {
    const { tolerance } = this.sharing;
    if (tolerance === undefined || golden.length === 0) return undefined;
    const outputs = this.manifest.signature.outputs.map(({ name }) => name);
    const rows = exampleRows(
      layout,
      golden.map(({ makeRun }) => ({ ...makeRun(), outputs })),
    );
    if (!rows) return undefined;
    const together = Array.from({ length: rows.count }, (_, i) => i);
    return tryRows({ executor, layout, tolerance }, rows, [together]);
  }

  /**
   * Whether all free dimensions count rows. Otherwise, the run time of many small rows does not predict the run time of
   * one large row.
   */
  private rowsAreOfOneSize({ inputAxes }: RowAxes): boolean {
    const { inputs } = this.manifest.signature;
    return inputs.every(({ dimensions }, i) =>
      dimensions.every((size, axis) => axis === inputAxes[i] || typeof size === 'number'),
    );
  }

  /**
   * Warms the model up. A valid model may refuse the smallest shape: for example, the kernel of a convolution may be
   * larger than one element. In that case, the first golden example is used, or larger shapes if there are no examples.
   */
  private async warmUp(executor: Executor, first: GoldenRun | undefined): Promise<Warm | undefined> {
    const { signature, batching } = this.manifest;
    const axes = this.sharing.axes ?? rowAxes(batching);
    let refusal: unknown;
    try {
      const makeRun = () => zerosRun(signature, 1, axes);
      return { makeRun, measurement: await warmUp(executor, makeRun), isExample: false };
    } catch (error) {
      this.log.debug(
        { error: messageOf(error) },
        'the model does not run on zeros of the smallest shape; trying other inputs',
      );
      refusal = error;
    }
    if (first) return { makeRun: first.makeRun, measurement: await warmUp(executor, first.makeRun), isExample: true };
    for (const attempt of this.otherRuns(axes)) {
      try {
        return { makeRun: attempt, measurement: await warmUp(executor, attempt), isExample: false };
      } catch (error) {
        refusal = error;
      }
    }
    if (!this.hasWarnedUnrun) this.log.warn({ error: messageOf(refusal) }, NEVER_RUN);
    this.hasWarnedUnrun = true;
    return undefined;
  }

  /** Creates runs with ones, for models that divide by their inputs, and runs with larger sizes. */
  private *otherRuns(axes: RowAxes | undefined): Generator<() => Run> {
    const { signature } = this.manifest;
    const ones = (size: number) => onesRun(zerosRun(signature, size, axes));
    yield () => ones(1);
    for (const size of largerSizes(signature, axes)) {
      yield () => zerosRun(signature, size, axes);
      yield () => ones(size);
    }
  }
}

const NEVER_RUN =
  'the model was not warmed up, because it refuses zeros and ones of every size tried, so the first request will be slow; add a golden example';

function notTried(obstacle: string): RowTrial {
  return { obstacle, largestDifference: 0 };
}

function worse(a: RowTrial, b: RowTrial): RowTrial {
  return { obstacle: b.obstacle, largestDifference: Math.max(a.largestDifference, b.largestDifference) };
}

async function readExamples(
  manifest: ModelManifest,
  examples: readonly GoldenExample[],
  folder: string,
): Promise<GoldenRun[]> {
  const golden = new GoldenExamples({ signature: manifest.signature, picture: manifest.image });
  const runs: GoldenRun[] = [];
  try {
    for (const example of examples) runs.push(await inExample(example.name, golden.run(example, folder)));
    return runs;
  } finally {
    await golden.close();
  }
}

/** Adds the name of the example to an error. */
async function inExample<T>(name: string, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    throw new Error(`golden example ${JSON.stringify(name)}: ${messageOf(error)}`, { cause: error });
  }
}
