import type { Trial } from '../../inference-image/src/contract/trial';
import { ModelServingError } from '../base/errors';
import { threadsText } from '../profile/describe-profile';
import type { MeasuredRun } from '../profile/model-profile';
import { measuringErrors } from './measuring-errors';
import { median, quantile, rounded } from '../base/quantile';
import { TrialFailure, type TrialProcess } from './trial-process';

type TrialCalls = Pick<TrialProcess, 'call'>;

/** Number of rounds. A burst of load from other processes spoils only one of them. */
export const ROUNDS = 3;

/** Minimum number of runs per round, even if the model is slow. */
const MIN_RUNS = 2;

export interface RunsPlan {
  /** Path of the model; used in messages. */
  readonly path: string;
  readonly hasExample: boolean;
  /** @default - 1, 2, 4 and so on below the number of CPUs, and that number */
  readonly threads?: readonly number[];
  /** Largest batch to measure; 1 if rows cannot share a run. */
  readonly maxBatchSize: number;
  /** Total duration of each measurement, over all its rounds. */
  readonly seconds: number;
  /** The dimension that is measured at several sizes, and the current size. */
  readonly at?: { readonly name: string; readonly size: number };
}

export interface RunsMeasured {
  readonly runs: readonly MeasuredRun[];
  readonly loadSeconds: number;
  readonly warmUpSeconds: number;
  readonly dimensions: Readonly<Record<string, number>>;
  readonly cpus: number;
}

/** Run times for one number of threads and one batch size, one list per round. */
interface Samples extends Pick<MeasuredRun, 'threads' | 'batchSize'> {
  readonly rounds: Float64Array[];
  /** Duration of a round: measured, or estimated before the first round. */
  seconds: number;
}

/** Everything that a round measures with one number of threads. */
interface Ladder {
  readonly threads: number;
  readonly rungs: Samples[];
  /** Time to load the model and run it once. */
  loadSeconds: number;
}

/** Reports the current measurement and the estimated number of seconds left for runs. */
export type OnRunsStep = (what: string, detail: string, left: number) => void;

/** Measures the model's runs for each number of threads and batch size. */
export async function measureRuns(trial: TrialCalls, plan: RunsPlan, onStep: OnRunsStep): Promise<RunsMeasured> {
  const batchSizes = doublings(plan.maxBatchSize);
  const roundSeconds = plan.seconds / ROUNDS;
  onStep('loading the model', 'first run', plan.seconds * batchSizes.length * (plan.threads?.length ?? 1));
  const start = performance.now();
  const { cpus } = await load(trial, 1);
  const { dimensions } = await warmUp(trial, plan);
  checkSize(plan, dimensions);
  const loadSeconds = secondsSince(start);
  const threadCounts = [...new Set(plan.threads ?? doublings(Math.max(1, Math.floor(cpus))))].sort((a, b) => a - b);
  const ladders = threadCounts.map((threads): Ladder => {
    const rungs = batchSizes.map((batchSize) => ({ threads, batchSize, rounds: [], seconds: roundSeconds }));
    return { threads, rungs, loadSeconds };
  });
  const loads: number[] = [];
  const warmUps: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    for (const [i, ladder] of ladders.entries()) {
      const { threads, rungs } = ladder;
      const later = () => (ROUNDS - round) * secondsOf(ladders) + secondsOf(ladders.slice(i + 1));
      const what = `round ${round} of ${ROUNDS}, ${threadsText(threads)}`;
      onStep(what, 'loading the model', later() + secondsOf([ladder]));
      const loading = performance.now();
      loads.push((await load(trial, threads)).seconds);
      warmUps.push((await warmUp(trial, plan)).seconds);
      ladder.loadSeconds = secondsSince(loading);
      for (const [rung, samples] of rungs.entries()) {
        const rest = secondsOf([{ loadSeconds: 0, rungs: rungs.slice(rung) }]);
        onStep(what, `batches of ${samples.batchSize}`, later() + rest);
        const begin = performance.now();
        const times = await timesOf(trial, samples, roundSeconds);
        if (times) samples.rounds.push(times);
        const taken = secondsSince(begin);
        samples.seconds = taken;
        // The first round decides which batch sizes all rounds measure.
        if (round > 1) continue;
        // Larger batches have not run yet, and are assumed to take at least as long.
        for (const larger of rungs.slice(rung + 1)) larger.seconds = Math.max(roundSeconds, taken);
        if (!times || ladderEnds(rungs.slice(0, rung + 1).map(rungOf))) rungs.length = times ? rung + 1 : rung;
      }
    }
  }
  return {
    runs: ladders.flatMap(({ rungs }) => rungs).map(measuredRun),
    loadSeconds: rounded(median(loads)),
    warmUpSeconds: rounded(median(warmUps)),
    dimensions,
    cpus,
  };
}

function checkSize({ path, at }: RunsPlan, dimensions: RunsMeasured['dimensions']): void {
  const used = at && dimensions[at.name];
  if (at && used !== at.size) throw new ModelServingError([measuringErrors.sizeRefused(path, used)]);
}

function secondsOf(ladders: readonly Pick<Ladder, 'loadSeconds' | 'rungs'>[]): number {
  const parts = ladders.flatMap(({ loadSeconds, rungs }) => [loadSeconds, ...rungs.map(({ seconds }) => seconds)]);
  return parts.reduce((sum, seconds) => sum + seconds, 0);
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}

/** Measures the memory of an additional executor, in bytes. */
export async function measureExecutor(trial: TrialCalls, plan: RunsPlan, batchSize: number): Promise<number> {
  await load(trial, 1);
  await warmUp(trial, plan);
  return trial.call(`while it ran batches of ${batchSize} rows in two sessions`, 'executorBytes', batchSize);
}

function load(trial: TrialCalls, threads: number) {
  return trial.call(`while it loaded the model for ${threadsText(threads)}`, 'load', threads);
}

async function warmUp(trial: TrialCalls, { path, hasExample }: RunsPlan): Promise<ReturnType<Trial['warmUp']>> {
  try {
    return await trial.call('during the first run', 'warmUp');
  } catch (error) {
    if (!(error instanceof TrialFailure)) throw error;
    throw new ModelServingError([measuringErrors.inputsRefused(path, error.message, hasExample)]);
  }
}

/** Run times; undefined if the model refuses a batch of `batchSize` rows, although it has run a single row. */
async function timesOf(trial: TrialCalls, { batchSize }: Samples, seconds: number) {
  try {
    return await trial.call(`while it ran batches of ${batchSize} rows`, 'run', batchSize, seconds, MIN_RUNS);
  } catch (error) {
    if (error instanceof TrialFailure) return undefined;
    throw error;
  }
}

/**
 * Median run time of a batch size. Takes the median of the rounds, so that one round on a busy machine has no effect.
 */
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

/** A batch size and the median time of its runs. */
export interface Rung {
  readonly batchSize: number;
  readonly p50Seconds: number;
}

/** If a run takes longer than this, larger batches are not useful. */
const MAX_RUN_SECONDS = 2;

/** Smallest gain in throughput that is worth the latency of a larger batch. */
const MIN_GAIN = 1.05;

/** Returns the powers of two below `most`, and then `most` itself. */
export function doublings(most: number): number[] {
  const below = Array.from({ length: Math.ceil(Math.log2(most)) }, (_, i) => 2 ** i);
  return [...below, most];
}

/** Whether larger batches need not be measured, because runs are slow or the last two steps gained almost nothing. */
export function ladderEnds(rungs: readonly Rung[]): boolean {
  const last = rungs.at(-1);
  if (last && last.p50Seconds > MAX_RUN_SECONDS) return true;
  const [a, b, c] = rungs.slice(-3).map(rowsPerSecond);
  return a !== undefined && b !== undefined && c !== undefined && b < MIN_GAIN * a && c < MIN_GAIN * b;
}

/** Throughput at the median run time. */
export function rowsPerSecond({ batchSize, p50Seconds }: Rung): number {
  return batchSize / p50Seconds;
}
