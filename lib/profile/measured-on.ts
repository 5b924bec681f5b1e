import type { ModelProfile } from './model-profile';

/** Where and when, for messages: `2 x AMD EPYC 9B14 on 2026-11-25`. */
export function measuredOn({ machine, measuredAt }: ModelProfile): string {
  return `${machine.cpus} x ${machine.cpu} on ${measuredAt.slice(0, 'YYYY-MM-DD'.length)}`;
}
