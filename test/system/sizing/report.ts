import { count, latency, median, table } from '../../bench/table';
import type { Trial } from './trial';

/** A model and what its containers did, once for each profile; or why there is nothing. */
export interface Result {
  readonly name: string;
  readonly trials: readonly Trial[];
  readonly failure?: string;
}

const MOST_TOO_MUCH = 0.1;
const MEDIAN_TOO_LITTLE = 0.1;
const MOST_TOO_LITTLE = 0.3;
const MOST_THROTTLED = 0.05;
const LEAST_MODELS = 12;

const HEAD = [
  'model',
  'threads',
  'batch',
  'CPUs',
  'MiB',
  'planned, 1/s',
  'answered, 1/s',
  'difference, %',
  'p99, ms',
  'throttled, %',
];

/** By what share a container answered more than was planned, or less where it is below 0: the median of all trials. */
export function difference({ trials }: Result): number {
  return median(trials.map(({ rate, sizing }) => rate / sizing.requestsPerSecond - 1));
}

/** The table of docs/sizing.md: of each model the trial whose difference is the median. */
export function resultTable(results: readonly Result[]): string {
  return table(HEAD, results.map(cells));
}

function cells(result: Result): string[] {
  if (result.trials.length === 0) return [result.name, `failed: ${result.failure}`, ...HEAD.slice(2).map(() => '')];
  const middle = difference(result);
  const { sizing, rate, p99Ms } = result.trials.find(
    (trial) => trial.rate / trial.sizing.requestsPerSecond - 1 === middle,
  )!;
  const { threadsPerExecutor, maxBatchSize = 1, cpus, memoryMiB, requestsPerSecond } = sizing;
  return [
    result.name,
    ...[threadsPerExecutor, maxBatchSize, cpus, memoryMiB].map(String),
    figure(requestsPerSecond),
    figure(rate),
    (100 * middle).toFixed(0),
    latency(p99Ms),
    (100 * throttled(result)).toFixed(1),
  ];
}

/** What the figures should be and are not. */
export function shortfalls(results: readonly Result[]): string[] {
  const problems = results.flatMap((result) => {
    if (result.failure !== undefined) return [`${result.name}: ${result.failure}`];
    const share = difference(result);
    return [
      ...(share < -MOST_TOO_MUCH ? [`${result.name}: promised ${percent(-share)} too much`] : []),
      ...(share > MOST_TOO_LITTLE ? [`${result.name}: promised ${percent(share)} too little`] : []),
      ...(throttled(result) <= MOST_THROTTLED
        ? []
        : [`${result.name}: throttled in ${percent(throttled(result))} of periods`]),
      ...(result.trials.some(({ wasKilled }) => wasKilled) ? [`${result.name}: killed or restarted`] : []),
    ];
  });
  const tooLittle = median(
    results.filter(({ trials }) => trials.length > 0).map((each) => Math.max(0, difference(each))),
  );
  if (tooLittle > MEDIAN_TOO_LITTLE) problems.push(`the median model is promised ${percent(tooLittle)} too little`);
  if (results.length < LEAST_MODELS) problems.push(`${results.length} of ${LEAST_MODELS} models`);
  return problems;
}

function throttled({ trials }: Result): number {
  return median(trials.map((trial) => trial.throttled));
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function figure(rate: number): string {
  return rate < 10 ? rate.toFixed(2) : count(rate);
}
