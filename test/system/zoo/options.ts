import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../../support/root';

export const GROUPS = ['packages', 'torch', 'learners', 'tensorflow', 'backend'] as const;
/** Source of models. */
export type Group = (typeof GROUPS)[number];

const CI_SAMPLE = '200';

/** Options of a run; see test/system/zoo/run. */
export interface Options {
  readonly all: boolean;
  readonly only: string;
  readonly groups: readonly Group[];
  /** Number of backend tests to run, chosen evenly by name; undefined for all. */
  readonly sample?: number;
  readonly cli: string;
  readonly write: boolean;
  readonly throughput: boolean;
  readonly before?: string;
}

export function readOptions(args?: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      all: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      group: { type: 'string', multiple: true },
      sample: { type: 'string' },
      cli: { type: 'string', default: join(ROOT, 'dist/lib/cli/main.js') },
      write: { type: 'boolean', default: false },
      throughput: { type: 'boolean', default: false },
      before: { type: 'string' },
    },
  });
  const { group, sample = values.all ? undefined : CI_SAMPLE, ...rest } = values;
  const unknown = group?.find((name) => !GROUPS.includes(name as Group));
  if (unknown) throw new Error(`Unknown group ${unknown}. Use one of ${GROUPS.join(', ')}.`);
  if (values.write && !values.all) throw new Error('--write writes the table of all models, so it requires --all.');
  return {
    ...rest,
    sample: sample === undefined ? undefined : Number(sample),
    groups: (group as Group[] | undefined) ?? GROUPS,
  };
}
