import { table } from '../../bench/table';
import { sharing, type Outcome } from './outcome';
import { tolerances } from './models/tolerances.json';

const TITLES: Record<string, string> = {
  packages: 'ONNX files in packages that people use',
  torch: 'Exports of PyTorch',
  learners: 'scikit-learn, XGBoost and LightGBM',
  tensorflow: 'Exports of TensorFlow',
  backend: "onnx's backend tests",
};

/** A summary of each group, for the terminal. */
export function summary(outcomes: readonly Outcome[]): string {
  return groupsOf(outcomes)
    .map(([group, of]) => `${group}: ${counted(of)}`)
    .join('\n');
}

/** docs/compatibility.md, with the sections of groups that were not run as they are in the page before. */
export function compatibilityPage(outcomes: readonly Outcome[], before: string): string {
  const limits = Object.entries(tolerances).map(([datatype, limit]) => `${datatype} ${limit}`);
  const written = new Map(groupsOf(outcomes).map(([group, of]) => [group, section(group, of)]));
  const kept = new Map(before.split(/^(?=## )/m).map((text) => [text.split('\n')[0], text.trimEnd()]));
  const sections = Object.entries(TITLES).map(([group, title]) => written.get(group) ?? kept.get(`## ${title}`));
  return `# Models that were tried

\`npm run test:zoo -- --all --write\` wrote this page. Each model was inspected and served, and every answer was compared
with that of onnxruntime in Python to the same request alone: over JSON and binary data, one request at a time and from
8 clients at once. Floats may differ by a share of the largest magnitude in the output (${limits.join(', ')}); all else
must be equal. In FP16, which has no JSON form, only binary data was tried.

*May share* is the truth by trials in Python: rows alone against rows together, at several sizes and values. *Shares*
says whether requests shared runs under load. None of the models is part of this repository.

${sections.filter((text) => text !== undefined).join('\n\n')}
`;
}

function section(group: string, outcomes: readonly Outcome[]): string {
  const rows = group === 'backend' ? byReason(outcomes) : each(outcomes);
  return `## ${TITLES[group]}\n\n${capitalized(counted(outcomes))}.\n\n${rows}`;
}

/** Rows of the page that contradict the results, by name of model. */
export function contradictions(page: string, outcomes: readonly Outcome[]): string[] {
  const rows = new Map(page.split('\n').map((line) => [line.split('|')[1]?.trim(), cells(line)]));
  return outcomes.flatMap(({ name, state, may, shares }) => {
    const row = rows.get(name);
    if (!row || state === 'skipped') return [];
    const [, , , said, shared] = row;
    return said === may && shared === shares ? [] : [`${name}: may share: ${may}, shares: ${shares}`];
  });
}

function cells(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function groupsOf(outcomes: readonly Outcome[]): [string, Outcome[]][] {
  const groups = new Map<string, Outcome[]>();
  for (const outcome of outcomes) groups.set(outcome.group, [...(groups.get(outcome.group) ?? []), outcome]);
  return [...groups];
}

function counted(outcomes: readonly Outcome[]): string {
  const count = (state: Outcome['state']) => outcomes.filter((outcome) => outcome.state === state).length;
  const { may, do: shared } = sharing(outcomes);
  const share = may ? ` (${Math.floor((100 * shared) / may)} %)` : '';
  return (
    `${count('passed')} models answered right, ${count('failed')} failed, ${count('skipped')} skipped; ` +
    `${shared} of ${may} that may share runs do${share}`
  );
}

function each(outcomes: readonly Outcome[]): string {
  const head = ['model', 'from', '`inspect` on batching', 'may share', 'shares', 'answers', 'note'];
  const rows = outcomes.map(({ name, source, inspect, may, shares, answers, state, note }) =>
    [name, source, inspect, may, shares, answers, state === 'skipped' ? `skipped: ${note}` : note].map(cell),
  );
  return leftAligned(table(head, rows));
}

/** Too many to list: those that did not answer right, and those that may share runs and do not. */
function byReason(outcomes: readonly Outcome[]): string {
  const reasons = new Map<string, string[]>();
  for (const { name, state, may, shares, inspect, note } of outcomes) {
    const reason =
      state !== 'passed' ? `${state}: ${note}` : may === 'yes' && shares === 'no' ? `does not share: ${inspect}` : '';
    if (reason) reasons.set(reason, [...(reasons.get(reason) ?? []), name.replace(/^node\.test_/, '')]);
  }
  const rows = [...reasons].map(([reason, names]) => [cell(reason), String(names.length), cell(names.join(', '))]);
  return leftAligned(table(['reason', 'models', 'names'], rows));
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

function leftAligned(text: string): string {
  return text.replaceAll('---:', '---');
}

function capitalized(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}
