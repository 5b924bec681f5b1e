import { machineText, sizesText, threadsText, loadText, MAX_LOAD } from '../profile/describe-profile';
import {
  type MeasuredRun,
  type MeasuredService,
  type MeasuredSize,
  measuredSizes,
  type ModelProfile,
} from '../profile/model-profile';
import { saturatingBatchSize, threadCounts } from '../sizing/measured-runs';
import { durationText, threeDigits } from '../base/text';

const BAR_WIDTH = 32;

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Formats a profile for a terminal: a bar for each run, then the other measurements. */
export function profileText(profile: ModelProfile): string {
  return [
    machineText(profile),
    ...loadLines(profile.machine),
    ...measuredSizes(profile).flatMap((size) => ['', ...sizeLines(size)]),
    ...tableLines(profile),
  ].join('\n');
}

function loadLines({ otherLoad = 0 }: ModelProfile['machine']): string[] {
  return otherLoad > MAX_LOAD ? [`while other processes used ${loadText(otherLoad)} of its CPU time`] : [];
}

/** Lines of text for the measurements at one size. */
function sizeLines({ dimensions, runs, served }: MeasuredSize): string[] {
  const best = Math.max(...runs.map(({ rowsPerSecond }) => rowsPerSecond));
  const sizes = sizesText(dimensions);
  return [
    ...(sizes ? [`at ${sizes}`] : []),
    ...threadCounts(runs).flatMap((threads, i) => [
      ...(sizes || i > 0 ? [''] : []),
      ...ladderLines(runs, threads, best),
    ]),
    '',
    ...servedLines(served),
  ];
}

function ladderLines(runs: readonly MeasuredRun[], threads: number, best: number): string[] {
  const saturating = saturatingBatchSize(runs, threads);
  const ladder = runs.filter((run) => run.threads === threads);
  const rates = ladder.map(({ rowsPerSecond }) => `${threeDigits(rowsPerSecond)} rows/s`);
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

function servedLines(served: MeasuredService): string[] {
  const { clients, requestsPerSecond, p50Seconds, p99Seconds, cpuSecondsPerRequest, loopSecondsPerRequest } = served;
  const from = clients === 1 ? 'one client' : `${clients} clients`;
  return [
    `served  ${threeDigits(requestsPerSecond)} requests/s of one row from ${from}, p50 ${durationText(p50Seconds)}, p99 ${durationText(p99Seconds)}`,
    `CPU     ${durationText(cpuSecondsPerRequest)} per request, ${durationText(loopSecondsPerRequest)} of it in the event loop`,
  ];
}

function tableLines({ start, memory }: ModelProfile): string[] {
  return [
    `start   loaded in ${durationText(start.loadSeconds)}, first run ${durationText(start.warmUpSeconds)}, ready after ${durationText(start.readySeconds)}`,
    `memory  ${mib(memory.readyMiB)} when ready, ${mib(memory.peakMiB)} at most, ${mib(memory.executorMiB)} for one more executor`,
  ];
}

function mib(value: number): string {
  return `${value.toLocaleString('en')} MiB`;
}
