import { table } from '../../bench/table';
import { sharing, type Outcome } from './outcome';
import { tolerances } from './models/tolerances.json';

const TITLES: Record<string, string> = {
  packages: 'ONNX files from published packages',
  torch: 'PyTorch exports',
  learners: 'scikit-learn, XGBoost and LightGBM',
  tensorflow: 'TensorFlow exports',
  backend: "onnx's backend tests",
};

/** Summary of each group, for the terminal. */
export function summary(outcomes: readonly Outcome[]): string {
  return groupsOf(outcomes)
    .map(([group, members]) => `${group}: ${counted(members)}`)
    .join('\n');
}

/** Text of docs/compatibility.md. Groups that were not run keep their sections from the previous page. */
export function compatibilityPage(outcomes: readonly Outcome[], previous: string): string {
  const limits = Object.entries(tolerances).map(([datatype, limit]) => `${datatype} ${limit}`);
  const written = new Map(groupsOf(outcomes).map(([group, members]) => [group, section(group, members)]));
  const kept = new Map(previous.split(/^(?=## )/m).map((text) => [text.split('\n')[0], text.trimEnd()]));
  const sections = Object.entries(TITLES).map(([group, title]) => written.get(group) ?? kept.get(`## ${title}`));
  return `# Tested models

\`npm run test:zoo -- --all --write\` generates this page. The test inspects and serves each model, and compares every
answer with that of onnxruntime in Python, which runs each request alone. It sends requests as JSON and as binary data,
first one at a time and then from 8 clients at once. Floats may differ by a fraction of the output's largest magnitude
(${limits.join(', ')}); everything else must be equal. FP16 has no JSON form, so FP16 models are tested with
binary data only.

The column *may share* shows the result of trials in Python that run the same rows separately and together, at several
sizes and with several values, and compare the results. The column *shares* shows whether the server ran requests
together under load. This repository contains none of the models.

${sections.filter((text) => text !== undefined).join('\n\n')}
`;
}

function section(group: string, outcomes: readonly Outcome[]): string {
  const rows = group === 'backend' ? byReason(outcomes) : each(outcomes);
  return `## ${TITLES[group]}\n\n${capitalized(counted(outcomes))}.\n\n${rows}`;
}

/** Differences between the rows of the page and the results, with one message per model. */
export function contradictions(page: string, outcomes: readonly Outcome[]): string[] {
  const rows = new Map(page.split('\n').map((line) => [line.split('|')[1]?.trim(), cells(line)]));
  return outcomes.flatMap(({ name, state, may, shares }) => {
    const row = rows.get(name);
    if (!row || state === 'skipped') return [];
    const [, , , recordedMay, recordedShares] = row;
    return recordedMay === may && recordedShares === shares ? [] : [`${name}: may share: ${may}, shares: ${shares}`];
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
    `${count('passed')} models answered correctly, ${count('failed')} failed, ${count('skipped')} skipped; ` +
    `${shared} of the ${may} models that may share runs do${share}`
  );
}

function each(outcomes: readonly Outcome[]): string {
  const head = ['model', 'source', '`inspect`: batching', 'may share', 'shares', 'answers', 'note'];
  const rows = outcomes.map(({ name, source, inspect, may, shares, answers, state, note }) =>
    [name, source, inspect, may, shares, answers, state === 'skipped' ? `skipped: ${note}` : note].map(cell),
  );
  return leftAligned(table(head, rows));
}

/**
 * Frequent reasons why a test is skipped. If the pattern has a group, the page lists what the group matches instead of
 * the names of the tests.
 */
const SKIPPED: readonly { note: RegExp; reason: string }[] = [
  {
    note: /Could not find an implementation for (\S+)/,
    reason: 'onnxruntime does not implement this version or datatype of the operator',
  },
  { note: /Fatal error: (\S+) is not a registered/, reason: 'onnxruntime does not know the operator' },
  { note: /^no protocol datatype: (\S+)/, reason: 'the protocol does not support the datatype' },
  { note: /No corresponding Numpy type for Tensor Type\. (\S+)/, reason: 'NumPy does not support the datatype' },
  { note: /^onnxruntime in Python: /, reason: 'onnxruntime in Python cannot run the model' },
];

/**
 * Summary of a group that is too large to list in full. Contains the models that did not pass, and the models that may
 * share runs but do not.
 */
function byReason(outcomes: readonly Outcome[]): string {
  const reasons = new Map<string, { models: number; which: Set<string> }>();
  for (const outcome of outcomes) {
    const { reason, which } = reasonOf(outcome);
    if (!reason) continue;
    const row = reasons.get(reason) ?? { models: 0, which: new Set() };
    reasons.set(reason, { models: row.models + 1, which: row.which.add(which) });
  }
  const rows = [...reasons].map(([reason, row]) => [cell(reason), String(row.models), cell([...row.which].join(', '))]);
  return leftAligned(table(['reason', 'models', 'which'], rows));
}

function reasonOf({ name, state, may, shares, inspect, note }: Outcome): { reason: string; which: string } {
  const which = name.replace(/^node\.test_/, '');
  if (state === 'passed')
    return { reason: may === 'yes' && shares === 'no' ? `does not share: ${inspect}` : '', which };
  for (const { note: pattern, reason } of SKIPPED) {
    const match = pattern.exec(note);
    if (state === 'skipped' && match) return { reason: `${state}: ${reason}`, which: match[1] ?? which };
  }
  return { reason: `${state}: ${note}`, which };
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
