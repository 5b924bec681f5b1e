import { machineText, threadsText } from '../profile/describe-profile';
import type { MeasuredRun, ModelProfile } from '../profile/model-profile';
import { saturatingBatchSize, threadCounts } from '../sizing/measured-runs';
import { type Box, chart, doublingAxis, element, type Line, linearAxis, logAxis, text } from './svg-chart';
import { durationText, threeDigits } from '../base/text';

const WIDTH = 960;
const HEIGHT = 420;

const LEFT_BOX: Box = { left: 80, right: 460, top: 110, bottom: 320 };
const RIGHT_BOX: Box = { left: 560, right: 940, top: 110, bottom: 320 };

/** Colors that stand out on white and on black. */
const COLORS = ['#2f81c7', '#c9680a', '#1f9d6b', '#b8579b', '#8a6fd1', '#a38312', '#d1495b', '#5c8a99'];

/** Text that identifies a file as the chart of a profile. */
export const CHART_MARK = 'Profile of the model ';

/** Draws a profile for web pages and documents: two charts with a line for each number of threads. */
export function svgReport(modelName: string, profile: ModelProfile): string {
  const { runs, measuredAt } = profile;
  const batchSizes = [...new Set(runs.map(({ batchSize }) => batchSize))].sort((a, b) => a - b);
  const xIn = ({ left, right }: Box) => doublingAxis(batchSizes, left, right);
  const rates = runs.map(({ rowsPerSecond }) => rowsPerSecond);
  const latencies = runs.map(({ p50Seconds }) => p50Seconds);
  return [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    element(
      'svg',
      {
        xmlns: 'http://www.w3.org/2000/svg',
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        width: WIDTH,
        height: HEIGHT,
        'font-family': 'system-ui, sans-serif',
        'font-size': 13,
        role: 'img',
        'aria-label': `${CHART_MARK}${modelName}`,
      },
      text(`Profile of ${modelName}`, { x: 20, y: 32, 'font-size': 20, 'font-weight': 600 }),
      text(`${machineText(profile)}, ${measuredAt.slice(0, 10)}`, { x: 20, y: 54 }),
      chart({
        title: 'Rows per second',
        xTitle: 'rows per batch',
        x: xIn(LEFT_BOX),
        y: linearAxis(Math.max(...rates), LEFT_BOX.bottom, LEFT_BOX.top),
        box: LEFT_BOX,
        tickText: threeDigits,
        lines: linesOf(runs, ({ rowsPerSecond }) => rowsPerSecond),
      }),
      chart({
        title: 'Median time of a run',
        xTitle: 'rows per batch',
        x: xIn(RIGHT_BOX),
        y: logAxis(latencies, RIGHT_BOX.bottom, RIGHT_BOX.top),
        box: RIGHT_BOX,
        tickText: durationText,
        lines: linesOf(runs, ({ p50Seconds }) => p50Seconds),
      }),
      text('○ where batches saturate', { x: WIDTH - 20, y: 32, 'text-anchor': 'end' }),
      ...legend(runs),
    ),
    '',
  ].join('\n');
}

function linesOf(runs: readonly MeasuredRun[], valueOf: (run: MeasuredRun) => number): Line[] {
  return threadCounts(runs).map((threads, i) => {
    const own = runs.filter((run) => run.threads === threads);
    const points = own.map((run) => ({ x: run.batchSize, y: valueOf(run) }));
    const saturating = saturatingBatchSize(runs, threads);
    return { color: colorOf(i), points, marked: points.find(({ x }) => x === saturating) };
  });
}

function legend(runs: readonly MeasuredRun[]): string[] {
  const y = HEIGHT - 24;
  return threadCounts(runs).flatMap((threads, i) => {
    const x = 20 + i * 103;
    return [
      element('line', { x1: x, x2: x + 20, y1: y - 4, y2: y - 4, stroke: colorOf(i), 'stroke-width': 3 }),
      text(threadsText(threads), { x: x + 26, y }),
    ];
  });
}

function colorOf(index: number): string {
  return COLORS[index % COLORS.length] as string;
}
