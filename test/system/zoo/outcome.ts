import type { Result } from './check-model';
import type { Skipped } from './prepared-model';

export type Entry = Result | Skipped;

/** Result of a model, in the words of the table in docs/compatibility.md. */
export interface Outcome {
  readonly name: string;
  readonly group: string;
  readonly source: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  /** `batching` row in the output of `inspect`, or `refused`. */
  readonly inspect: string;
  /** Whether rows may share a run, according to trials in Python. */
  readonly may: 'yes' | 'no' | 'if its batch were free' | '';
  readonly shares: 'yes' | 'no' | '';
  readonly answers: string;
  readonly note: string;
}

export function outcomeOf(entry: Entry): Outcome {
  if ('skipped' in entry) {
    const { name, group, source, skipped } = entry;
    return { name, group, source, state: 'skipped', inspect: '', may: '', shares: '', answers: '', note: skipped };
  }
  const { model, batching = '', refusal, shares, answers, problems } = entry;
  const { name, group, source } = model;
  const may = mayShare(entry);
  const base = { name, group, source, inspect: batching, may };
  if (refusal) return { ...base, inspect: 'refused', state: 'skipped', shares: '', answers: '', note: refusal };
  const found = [...problems];
  const isProved = batching.startsWith('independent');
  if (shares && may !== 'yes') found.unshift('requests share runs, although answers differ beyond the tolerance');
  return {
    ...base,
    state: found.length ? 'failed' : 'passed',
    shares: shares ? 'yes' : 'no',
    answers: problems.length ? `${problems.length} of ${answers} wrong` : `${answers} right`,
    note: found[0] ?? (isProved && !shares ? `does not share: ${entry.notSharing ?? 'no two requests met'}` : ''),
  };
}

function mayShare({ model: { truth } }: Result): Outcome['may'] {
  if (!truth.may) return 'no';
  return truth.freed ? 'if its batch were free' : 'yes';
}

/** Number of models that may share runs, and the number of these that do. */
export function sharing(outcomes: readonly Outcome[]): { may: number; do: number } {
  const may = outcomes.filter((outcome) => outcome.may === 'yes' && outcome.state !== 'skipped');
  return { may: may.length, do: may.filter(({ shares }) => shares === 'yes').length };
}
