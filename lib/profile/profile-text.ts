import { machineText, threadsText } from './machine-text';
import type { ModelProfile } from './model-profile';
import { saturatingBatchSize, threadCounts } from './saturation';
import { durationText, rateText } from './units';

const BAR_WIDTH = 32;

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A profile for a terminal: a bar for each run, and what else was measured. */
export function profileText(profile: ModelProfile): string {
  const best = Math.max(...profile.runs.map(({ rowsPerSecond }) => rowsPerSecond));
  return [
    machineText(profile),
    ...dimensionsLines(profile),
    ...threadCounts(profile.runs).flatMap((threads) => ['', ...ladderLines(profile, threads, best)]),
    '',
    ...tableLines(profile),
  ].join('\n');
}

function dimensionsLines({ dimensions }: ModelProfile): string[] {
  const sizes = Object.entries(dimensions).map(([name, size]) => `${name} = ${size}`);
  return sizes.length > 0 ? [`with ${sizes.join(', ')}`] : [];
}

function ladderLines({ runs }: ModelProfile, threads: number, best: number): string[] {
  const saturating = saturatingBatchSize(runs, threads);
  const ladder = runs.filter((run) => run.threads === threads);
  const rates = ladder.map(({ rowsPerSecond }) => `${rateText(rowsPerSecond)} rows/s`);
  const width = Math.max(...rates.map(({ length }) => length));
  return [
    threadsText(threads),
    ...ladder.map(({ batchSize, rowsPerSecond, p50Seconds }, i) => {
      const bar = barText(rowsPerSecond / best).padEnd(BAR_WIDTH);
      const mark = batchSize === saturating && ladder.length > 1 ? '  ◀ saturates' : '';
      return `${`batch ${batchSize}`.padStart(11)}  ${bar}  ${rates[i]?.padStart(width)}  p50 ${durationText(p50Seconds)}${mark}`;
    }),
  ];
}

function barText(part: number): string {
  const eighths = Math.max(1, Math.round(8 * BAR_WIDTH * part));
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
}

function tableLines({ served, start, memory }: ModelProfile): string[] {
  const { clients, requestsPerSecond, p50Seconds, p99Seconds, cpuSecondsPerRequest, loopSecondsPerRequest } = served;
  const from = clients === 1 ? 'one client' : `${clients} clients`;
  return [
    `served  ${rateText(requestsPerSecond)} requests/s of one row from ${from}, p50 ${durationText(p50Seconds)}, p99 ${durationText(p99Seconds)}`,
    `CPU     ${durationText(cpuSecondsPerRequest)} a request, ${durationText(loopSecondsPerRequest)} of it in the event loop`,
    `start   loaded in ${durationText(start.loadSeconds)}, first run ${durationText(start.warmUpSeconds)}, ready after ${durationText(start.readySeconds)}`,
    `memory  ${mib(memory.readyMiB)} when ready, ${mib(memory.peakMiB)} at most, ${mib(memory.executorMiB)} for one more executor`,
  ];
}

function mib(value: number): string {
  return `${value.toLocaleString('en')} MiB`;
}
