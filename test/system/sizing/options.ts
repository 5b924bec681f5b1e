import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../../support/root';

/** Options of a run; see test/system/sizing/run. */
export interface Options {
  readonly seconds: number;
  readonly times: number;
  /** Strings of which a model's name must contain at least one; empty for all models. */
  readonly only: readonly string[];
  readonly zoo: string;
  readonly force: boolean;
}

export function readOptions(args?: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: 'string', default: '60' },
      times: { type: 'string', default: '3' },
      only: { type: 'string', multiple: true, default: [] },
      zoo: { type: 'string', default: join(ROOT, 'node_modules/.cache/zoo/all/packages') },
      force: { type: 'boolean', default: false },
    },
  });
  const { seconds, times, ...rest } = values;
  return { ...rest, seconds: amount('--seconds', seconds), times: amount('--times', times) };
}

function amount(option: string, text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new Error(`${option} is ${text}; expected a number above 0.`);
}
