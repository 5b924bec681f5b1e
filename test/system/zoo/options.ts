import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { GROUPS, type Group } from './sources';

const ROOT = join(__dirname, '..', '..', '..');

/** What a run is asked for; test/system/zoo/run explains each. */
export interface Options {
  readonly all: boolean;
  readonly only: string;
  readonly groups: readonly Group[];
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
      cli: { type: 'string', default: join(ROOT, 'dist/lib/cli/main.js') },
      write: { type: 'boolean', default: false },
      throughput: { type: 'boolean', default: false },
      before: { type: 'string' },
    },
  });
  const { group, ...rest } = values;
  const unknown = group?.find((name) => !GROUPS.includes(name as Group));
  if (unknown) throw new Error(`There is no group ${unknown}. Give one of ${GROUPS.join(', ')}.`);
  if (values.write && !values.all) throw new Error('--write writes the table of every model. Give --all as well.');
  return { ...rest, groups: (group as Group[] | undefined) ?? GROUPS };
}
