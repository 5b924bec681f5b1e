import type { Trial } from '../../inference-image/src/contract/trial';
import { ModelServingError } from '../errors';
import { doublings, ladderEnds, rowsPerSecond, type Rung } from './ladder';
import { threadsText } from './machine-text';
import { measuringErrors } from './measuring-errors';
import type { MeasuredRun } from './model-profile';
import type { OnStep } from './progress';
import { median, quantile, rounded } from './quantile';
import { TrialFailure, type TrialProcess } from './trial-process';

/** Rather than to measure once and for longer: what else the machine does for a while then spoils no more than a round. */
export const ROUNDS = 3;

/** Of a round, however slow the model. */
const LEAST_RUNS = 2;

export interface RunsPlan {
  /** Of the model, for messages. */
  readonly path: string;
  readonly hasExample: boolean;
  /** @default - 1, 2, 4 and so on up to the CPUs, and these */
  readonly threads?: readonly number[];
  /** 1 where rows cannot share a run. */
  readonly maxBatchSize: number;
  /** Of each measurement, all rounds together. */
  readonly seconds: number;
}

export interface RunsMeasured {
  readonly runs: readonly MeasuredRun[];
  readonly loadSeconds: number;
  readonly warmUpSeconds: number;
  readonly dimensions: Readonly<Record<string, number>>;
  readonly cpus: number;
}

/** Runs of one number of threads and one batch size, a list for each round. */
interface Samples extends Pick<MeasuredRun, 'threads' | 'batchSize'> {
  readonly rounds: Float64Array[];
}

/** Measures runs of the model by threads and batch size. */
export async function measureRuns(trial: TrialProcess, plan: RunsPlan, onStep: OnStep): Promise<RunsMeasured> {
  const { cpus } = await load(trial, 1);
  const { dimensions } = await warmUp(trial, plan);
  const threadCounts = [...new Set(plan.threads ?? doublings(Math.max(1, Math.floor(cpus))))].sort((a, b) => a - b);
  const ladders = threadCounts.map((threads) =>
    doublings(plan.maxBatchSize).map((batchSize): Samples => ({ threads, batchSize, rounds: [] })),
  );
  const loads: number[] = [];
  const warmUps: number[] = [];
  let done = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    for (const [i, ladder] of ladders.entries()) {
      const threads = threadCounts[i] as number;
      loads.push((await load(trial, threads)).seconds);
      warmUps.push((await warmUp(trial, plan)).seconds);
      for (const [rung, samples] of ladder.entries()) {
        const what = `round ${round} of ${ROUNDS}, ${threadsText(threads)}`;
        onStep({ what, detail: `batches of ${samples.batchSize}`, done, left: ROUNDS * ladders.flat().length - done });
        const times = await timesOf(trial, samples, plan.seconds / ROUNDS);
        if (times) samples.rounds.push(times);
        // Decided once: the other rounds measure the same.
        const ends = round === 1 && (!times || ladderEnds(ladder.slice(0, rung + 1).map(rungOf)));
        if (ends) ladder.length = times ? rung + 1 : rung;
        done++;
      }
    }
  }
  const [loadSeconds, warmUpSeconds] = [rounded(median(loads)), rounded(median(warmUps))];
  return { runs: ladders.flat().map(measuredRun), loadSeconds, warmUpSeconds, dimensions, cpus };
}

/** Bytes that one more executor takes. */
export async function measureExecutor(trial: TrialProcess, plan: RunsPlan, batchSize: number): Promise<number> {
  await load(trial, 1);
  await warmUp(trial, plan);
  return trial.ask(`at batches of ${batchSize} rows in two sessions`, 'executorBytes', batchSize);
}

function load(trial: TrialProcess, threads: number) {
  return trial.ask(`while it loaded the model for ${threadsText(threads)}`, 'load', threads);
}

async function warmUp(trial: TrialProcess, { path, hasExample }: RunsPlan): Promise<ReturnType<Trial['warmUp']>> {
  try {
    return await trial.ask('in the first run', 'warmUp');
  } catch (error) {
    if (!(error instanceof TrialFailure)) throw error;
    throw new ModelServingError([measuringErrors.inputsRefused(path, error.message, hasExample)]);
  }
}

/** Undefined where the model refuses a batch of that size, though it has run one row. */
async function timesOf(trial: TrialProcess, { batchSize }: Samples, seconds: number) {
  try {
    return await trial.ask(`at batches of ${batchSize} rows`, 'run', batchSize, seconds, LEAST_RUNS);
  } catch (error) {
    if (error instanceof TrialFailure) return undefined;
    throw error;
  }
}

/** The median of rounds, so that one round in which the machine was busy does not count. */
function rungOf({ batchSize, rounds }: Samples): Rung {
  return { batchSize, p50Seconds: median(rounds.map(median)) };
}

function measuredRun(samples: Samples): MeasuredRun {
  const { threads, batchSize, rounds } = samples;
  const p50Seconds = rounded(rungOf(samples).p50Seconds);
  const p90Seconds = rounded(median(rounds.map((round) => quantile(round, 0.9))));
  return {
    threads,
    batchSize,
    p50Seconds,
    p90Seconds,
    rowsPerSecond: rounded(rowsPerSecond({ batchSize, p50Seconds })),
  };
}
