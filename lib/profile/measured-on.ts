import type { ModelProfile } from './model-profile';
import { sizesText } from './sizes-text';

/** Machine, date and sizes, for messages: `2 x AMD EPYC 9B14 on 2026-11-25 at sequence = 32`. */
export function measuredOn({ machine, measuredAt, dimensions }: ModelProfile): string {
  const sizes = sizesText(dimensions);
  return `${machine.cpus} x ${machine.cpu} on ${measuredAt.slice(0, 'YYYY-MM-DD'.length)}${sizes && ` at ${sizes}`}`;
}
