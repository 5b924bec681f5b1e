import { median } from '../../lib/base/quantile';

/** Figure and its baseline, each with its unit. */
export interface Row {
  readonly what: string;
  readonly ours: string;
  readonly baseline: string;
  readonly ratio: string;
  readonly target: string;
  /** Whether the target is met; undefined if the figure was not measured. */
  readonly met?: boolean;
}

/** Target of a ratio or a difference. */
export interface Target {
  readonly text: string;
  isMet(value: number): boolean;
}

export function atMost(limit: number, text = `≤ ${limit}`): Target {
  return { text, isMet: (value) => value <= limit };
}

export function atLeast(limit: number): Target {
  return { text: `≥ ${limit}`, isMet: (value) => value >= limit };
}

export function markdown(rows: readonly Row[]): string {
  return table(
    ['', 'ours', 'baseline', 'ratio', 'target', 'met'],
    rows.map(({ what, ours, baseline, ratio, target, met }) => {
      return [what, ours, baseline, ratio, target, met === undefined ? '' : met ? 'yes' : '**no**'];
    }),
  );
}

/** Markdown table. Its first column contains words, and the other columns contain figures. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i ? '---:' : '---'))), ...rows.map(line)].join('\n');
}

/** Compares two figures of the same kind. The ratio is our figure divided by the baseline. */
export function compare(
  what: string,
  ours: number,
  baseline: number,
  format: (value: number) => string,
  target: Target,
  baselineName = '',
): Row {
  const ratio = ours / baseline;
  return {
    what,
    ours: format(ours),
    baseline: baselineName ? `${format(baseline)} (${baselineName})` : format(baseline),
    ratio: ratio.toFixed(2),
    target: target.text,
    ...(Number.isFinite(ratio) && { met: target.isMet(ratio) }),
  };
}

/** Compares the medians of two samples of times in milliseconds. */
export function ratioRow(what: string, ours: number[], baseline: number[], target: Target): Row {
  return compare(what, median(ours), median(baseline), milliseconds, target);
}

export function notRun(what: string, reason: string, target: Target): Row {
  return { what, ours: `not run: ${reason}`, baseline: '', ratio: '', target: target.text };
}

export function milliseconds(value: number): string {
  return `${latency(value)} ms`;
}

/** Milliseconds with three significant digits. */
export function latency(value: number): string {
  return value < 10 ? value.toFixed(3) : value.toFixed(0);
}

export function perSecond(value: number): string {
  return `${count(value)}/s`;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
