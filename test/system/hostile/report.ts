import { latency, table } from '../../bench/table';
import type { Attack } from './attack';
import type { Configuration } from './configurations';
import type { Trial } from './trial';

/** Attack on a server, and its result. */
export interface Result {
  readonly configuration: string;
  readonly attack: Attack;
  readonly trial?: Trial;
  readonly faults: readonly string[];
  /** Whether a second attempt was needed. */
  readonly isRepeated?: boolean;
}

export function nameOf({ name, model }: Configuration): string {
  return model === 'digits' ? name : `${name}, ${model}`;
}

const HEAD = [
  'attack',
  'server',
  'sent',
  'answers',
  'health p99 (idle)',
  'maximum',
  'client/s (idle)',
  'memory',
  'verdict',
];

/** Table of results with one line per attack. */
export function resultTable(results: readonly Result[]): string {
  return table(HEAD, results.map(cells));
}

/** Line of text about one attack, for the terminal. */
export function line(result: Result): string {
  return cells(result).join(' | ');
}

function cells({ configuration, attack, trial, faults, isRepeated }: Result): string[] {
  const verdict = `${faults.length === 0 ? 'ok' : `FAILED: ${faults.join('; ')}`}${isRepeated ? ' (twice)' : ''}`;
  if (!trial) return [attack.name, configuration, '', '', '', '', '', '', verdict];
  const { sent, idle, attacked, memory } = trial;
  return [
    attack.name,
    configuration,
    sent ? size(sent.bytes) : '',
    answers(sent?.statuses ?? {}),
    `${latency(attacked.probed.p99Ms)} ms (${latency(idle.probed.p99Ms)})`,
    `${latency(attacked.probed.maxMs)} ms`,
    `${Math.round(attacked.served.perSecond)} (${Math.round(idle.served.perSecond)})`,
    memory ? `${Math.round(memory / 2 ** 20)} MiB` : '',
    verdict,
  ];
}

function answers(statuses: Readonly<Record<string, number>>): string {
  return Object.entries(statuses)
    .map(([status, times]) => `${times} x ${status}`)
    .join(', ');
}

function size(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
