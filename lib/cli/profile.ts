import { join, parse } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { fileBeside, pathBeside } from '../committed-file';
import { describeSizing } from '../profile/describe-sizing';
import { profileModel } from '../profile/profile-model';
import { profileText } from '../profile/profile-text';
import { PICTURE_MARK, svgReport } from '../profile/svg-report';
import { addCalledModelOptions, type CalledModelOptions, readModel } from './model-options';
import { checkOutput, writeOutput } from './output';
import { ProgressBar } from './progress-bar';
import { print, printNote } from './print';

interface ProfileCommandOptions extends CalledModelOptions {
  golden?: string;
  out?: string;
  picture?: string;
  threads?: number[];
  maxBatch: number;
  dimension: Record<string, number>;
  seconds: number;
}

/** As shells have it: 128 and the signal's number. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

export function profileCommand(): Command {
  return addCalledModelOptions(new Command('profile'))
    .description('Measure a model on this machine: by batch size and threads, behind the server, its start and memory.')
    .option('--golden <file>', 'golden examples, whose first gives the sizes (default: those beside the model)')
    .option('--out <file>', 'the profile (default: MODEL.profile.json beside the model)')
    .option('--picture <file>', 'its picture (default: as --out, with .svg)')
    .option('--threads <list>', 'threads of a run: 1,2,4 (default: 1, 2, 4 … up to the CPUs)', wholeNumbers(256))
    .option('--max-batch <rows>', 'the largest batch to measure', wholeNumber(65_536), 128)
    .option('--dimension <name=size>', 'the size of a symbolic dimension, again for each', dimension, {})
    .option('--seconds <seconds>', 'of each measurement; the server is under load for ten times as long', seconds, 0.3)
    .action(async (path: string, options: ProfileCommandOptions) => {
      const {
        out = pathBeside(path, 'profile'),
        golden = fileBeside(path, 'golden'),
        threads,
        maxBatch: maxBatchSize,
        dimension: dimensions,
        seconds,
      } = options;
      const { picture = pictureOf(out) } = options;
      const inputs = [path, golden, options.preprocessing];
      const outputs = [
        { option: '--out', path: out, inputs, mark: '"profileVersion"' },
        { option: '--picture', path: picture, inputs: [...inputs, out], mark: PICTURE_MARK },
      ] as const;
      outputs.forEach(checkOutput);
      const model = readModel(path, { ...options, golden, profile: false, contract: false });
      const bar = new ProgressBar(process.stderr);
      const signal = abortOnSignals();
      try {
        const measuring = { path, threads, maxBatchSize, dimensions, seconds, signal };
        const { profile, batchingObstacle } = await profileModel(model, {
          ...measuring,
          onStep: (step) => bar.show(step),
        });
        bar.clear();
        if (batchingObstacle !== undefined) {
          printNote(
            `warning: requests to this model share no runs, so only runs of one row are kept: ${batchingObstacle}`,
          );
        }
        writeOutput(outputs[0], `${JSON.stringify(profile, undefined, 2)}\n`);
        writeOutput(outputs[1], svgReport(model.name, profile));
        print(profileText(profile));
        print(['', ...describeSizing(profile, model).map(([label, text]) => `${label.padEnd(8)}${text}`)].join('\n'));
        printNote(`Wrote ${out} and ${picture}. Commit them beside the model.`);
      } catch (error) {
        bar.clear();
        if (!signal.aborted) throw error;
        process.exitCode = EXIT_CODES[signal.reason as keyof typeof EXIT_CODES];
      }
    });
}

/** Aborted with the signal's name; what was started is ended before this process ends. */
function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of Object.keys(EXIT_CODES)) process.on(name, () => controller.abort(name));
  return controller.signal;
}

function pictureOf(profile: string): string {
  const { dir, name } = parse(profile);
  return join(dir, `${name}.svg`);
}

/** Bounds are the server's own. */
function wholeNumber(most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
    throw new InvalidArgumentError(`Give a whole number from 1 to ${most}.`);
  };
}

function wholeNumbers(most: number): (text: string) => number[] {
  return (text) => text.split(',').map(wholeNumber(most));
}

function dimension(text: string, sizes: Record<string, number>): Record<string, number> {
  const [, name, size] = /^(.+)=([1-9]\d{0,8})$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('Give a name and a whole number, such as sequence=128.');
  return { ...sizes, [name]: Number(size) };
}

function seconds(text: string): number {
  const number = Number(text);
  if (number > 0 && number <= 60) return number;
  throw new InvalidArgumentError('Give a number above 0, up to 60.');
}
