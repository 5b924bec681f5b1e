/** npm run test:zoo: inspects and serves third-party models, and checks their answers. `run` describes the options. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../support/root';
import { checkModel } from './check-model';
import { CommandLine } from './cli';
import { readOptions, type Options } from './options';
import { outcomeOf, sharing, type Outcome } from './outcome';
import { compatibilityPage, contradictions, summary } from './report';
import { prepared } from './sources';
import { throughput } from './throughput';

const PAGE = join(ROOT, 'docs/compatibility.md');
/** Number of servers that run at the same time. */
const AT_ONCE = 2;
/** For each group, the minimum share of models whose requests shared runs, among the models that may share runs. */
const LEAST_SHARING = { packages: 0.8, torch: 0.8, learners: 0.8, tensorflow: 0.8, backend: 0.95 };

async function zoo(options: Options): Promise<Outcome[]> {
  const cli = new CommandLine(options.cli);
  const outcomes: Outcome[] = [];
  for (const group of options.groups) {
    const entries = prepared(group, options).filter(({ name }) => name.includes(options.only));
    let next = 0;
    const found: Outcome[] = [];
    const worker = async (): Promise<void> => {
      while (next < entries.length) {
        const index = next++;
        const entry = entries[index]!;
        found[index] = outcomeOf('skipped' in entry ? entry : await checkModel(entry, cli));
        print(found[index]);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    outcomes.push(...found);
  }
  return outcomes;
}

function print({ name, source, state, inspect, may, shares, answers, note }: Outcome): void {
  const facts = state === 'skipped' ? [] : [`may share: ${may}`, `shares: ${shares}`, answers, inspect];
  console.log([`${state.padEnd(7)} ${name}`, source, ...facts, note].filter(Boolean).join(' | '));
}

/** Failures that concern a group of models or the page, and not a single model. */
function shortfalls(outcomes: readonly Outcome[], { all, only }: Options): string[] {
  const problems = contradictions(readFileSync(PAGE, 'utf8'), outcomes).map(
    (line) => `docs/compatibility.md differs: ${line}`,
  );
  for (const [group, least] of Object.entries(LEAST_SHARING)) {
    const { may, do: shared } = sharing(outcomes.filter((outcome) => outcome.group === group));
    if (!only && shared < least * may) {
      problems.push(
        `${group}: ${shared} of the ${may} models that may share runs do; at least ${100 * least} % should`,
      );
    }
  }
  return all ? problems.filter((line) => !line.startsWith('docs/')) : problems;
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.throughput) {
    process.exitCode = (await throughput(options)) ? 1 : 0;
    return;
  }
  const outcomes = await zoo(options);
  console.log(`\n${summary(outcomes)}`);
  const problems = shortfalls(outcomes, options);
  for (const problem of problems) console.log(problem);
  if (options.write) writeFileSync(PAGE, compatibilityPage(outcomes, readFileSync(PAGE, 'utf8')));
  const count = (state: Outcome['state']) => outcomes.filter((outcome) => outcome.state === state).length;
  const failed = count('failed') + problems.length;
  console.log(`${count('passed')} passed, ${failed} failed, ${count('skipped')} skipped`);
  process.exitCode = failed ? 1 : 0;
}

void main();
