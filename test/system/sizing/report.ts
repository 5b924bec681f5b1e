import { median } from '../../../lib/base/quantile';
import { count, latency, table } from '../../bench/table';
import type { Trial } from './trial';

/** Model, with one result per profile, or with the reason why there are no results. */
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

/**
 * Difference between the answered and the planned rate, as a fraction of the planned rate; negative if the answered
 * rate is lower. Median of all trials.
 */
export function difference({ trials }: Result): number {
  return median(trials.map(({ rate, sizing }) => rate / sizing.requestsPerSecond - 1));
}

/** Table of docs/sizing.md, which shows, for each model, the trial with the median difference. */
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
    p99Ms === undefined ? '' : latency(p99Ms),
    shareText(throttled(result)),
  ];
}

/** Share in percent; an empty string if the share was not measured. */
export function shareText(share: number | undefined): string {
  return share === undefined ? '' : (100 * share).toFixed(1);
}

/**
 * Figures that miss their targets.
 *
 * @param areAll Whether all models were tried, not just some by name
 */
export function shortfalls(results: readonly Result[], areAll: boolean): string[] {
  if (results.length === 0) return ['no model was tried'];
  const problems = results.flatMap((result) => {
    if (result.failure !== undefined) return [`${result.name}: ${result.failure}`];
    const [share, stopped] = [difference(result), throttled(result) ?? 0];
    return [
      ...(share < -MOST_TOO_MUCH ? [`${result.name}: promised ${percent(-share)} too much`] : []),
      ...(share > MOST_TOO_LITTLE ? [`${result.name}: promised ${percent(share)} too little`] : []),
      ...(stopped > MOST_THROTTLED ? [`${result.name}: throttled in ${percent(stopped)} of periods`] : []),
      ...(result.trials.some(({ wasKilled }) => wasKilled) ? [`${result.name}: killed or restarted`] : []),
    ];
  });
  if (!areAll) return problems;
  const tooLittle = median(
    results.filter(({ trials }) => trials.length > 0).map((each) => Math.max(0, difference(each))),
  );
  if (tooLittle > MEDIAN_TOO_LITTLE) problems.push(`the median model is promised ${percent(tooLittle)} too little`);
  if (results.length < LEAST_MODELS) problems.push(`${results.length} of ${LEAST_MODELS} models`);
  return problems;
}

/** Median share of throttled periods; undefined if no trial measured it. */
function throttled({ trials }: Result): number | undefined {
  const measured = trials.flatMap((trial) => trial.throttled ?? []);
  return measured.length > 0 ? median(measured) : undefined;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function figure(rate: number): string {
  return rate < 10 ? rate.toFixed(2) : count(rate);
}
