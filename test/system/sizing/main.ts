/**
 * npm run test:sizing: tests whether containers sustain the request rates that their models' profiles promise. `run`
 * describes the options.
 */
import { stopGenerator } from '../../bench/load/generator';
import { subjects, type Subject } from './models';
import { readOptions, type Options } from './options';
import { resultTable, shareText, shortfalls, type Result } from './report';
import { attempt, type Trial } from './trial';

/** Tests a model. Returns a failure as a result, because a single failure must not end a run of several hours. */
async function resultOf(subject: Subject, options: Options): Promise<Result> {
  const { name } = subject;
  const trials: Trial[] = [];
  try {
    for (let time = 1; time <= options.times; time++) {
      const trial = await attempt(subject, options);
      trials.push(trial);
      const { rate, sizing, throttled } = trial;
      console.log(
        `${name}, ${time} of ${options.times}: planned ${sizing.requestsPerSecond}/s, answered ${rate.toPrecision(3)}/s, throttled ${shareText(throttled)} %`,
      );
    }
    return { name, trials };
  } catch (error) {
    console.log(`${name}: ${(error as Error).message}`);
    return { name, trials, failure: lastLine((error as Error).message) };
  }
}

/** Last line of an error. When a command fails, the first line of its error is only the command itself. */
function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)!;
}

async function main(): Promise<void> {
  const options = readOptions();
  const results: Result[] = [];
  for (const subject of subjects(options.zoo, options.only)) results.push(await resultOf(subject, options));
  stopGenerator();
  console.log(`\n${resultTable(results)}\n`);
  const problems = shortfalls(results, options.only.length === 0);
  for (const problem of problems) console.log(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}

void main();
