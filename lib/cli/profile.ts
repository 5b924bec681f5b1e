import { ProgressBar } from './progress-bar';
import { Command, InvalidArgumentError, Option } from 'commander';
import { join, parse, resolve } from 'node:path';
import { checkCacheFolder } from '../base/cache';
import { fileBeside, pathBeside } from '../base/committed-file';
import { ModelServingError } from '../base/errors';
import { profileModel } from '../measuring/profile-model';
import { profileText } from '../report/profile-text';
import { CHART_MARK, svgReport } from '../report/svg-report';
import { describeSizing } from '../sizing/describe-sizing';
import { dimensionOption, type Dimensions, type DimensionSizes, parseDimensionSizes } from './dimension-option';
import { runInDocker } from './in-docker';
import { addClientModelOptions, type ClientModelOptions, readModel } from './model-options';
import { checkOutput, print, printNote, writeOutput } from './output';

interface ProfileCommandOptions extends ClientModelOptions {
  golden?: string;
  out?: string;
  picture?: string;
  threads?: number[];
  maxBatch: number;
  dimension: Dimensions;
  at?: DimensionSizes;
  seconds: number;
  force?: boolean;
  in?: 'docker';
  cpus?: number;
  memoryMib?: number;
}

/** Exit codes after a signal, as in shells: 128 plus the signal's number. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

export function profileCommand(): Command {
  return addClientModelOptions(new Command('profile'))
    .description(
      'Measure a model on this machine: runs at each batch size and number of threads, requests to its server, start time and memory.',
    )
    .option(
      '--golden <file>',
      'golden examples; the first example sets the sizes of free dimensions (default: MODEL.golden.json beside MODEL.onnx, if it exists)',
    )
    .option('--out <file>', 'profile to write (default: MODEL.profile.json beside MODEL.onnx)')
    .option('--picture <file>', 'chart to write (default: the path of --out, with the extension .svg)')
    .option(
      '--threads <list>',
      'threads per run, such as 1,2,4 (default: 1, 2, 4 … up to the number of CPUs)',
      wholeNumbers(256),
    )
    .option('--max-batch <rows>', 'largest batch to measure', wholeNumber(65_536), 128)
    .addOption(dimensionOption())
    .option('--at <name=size,size>', 'one dimension and several sizes, each measured separately', parseDimensionSizes)
    .option(
      '--seconds <seconds>',
      'duration of each measurement; the server is under load for ten times as long',
      seconds,
      0.3,
    )
    .option('--force', 'measure even if other processes keep the machine busy')
    .addOption(
      new Option(
        '--in <place>',
        'measure in a container of the default base image; the engine must run on this machine',
      ).choices(['docker']),
    )
    .option(
      '--cpus <count>',
      'CPU limit of the container, which runs both the server and the clients that send requests',
      cpuCount,
    )
    .option('--memory-mib <mebibytes>', 'memory limit of the container, in MiB', wholeNumber(1_048_576))
    .action(async (path: string, options: ProfileCommandOptions) => {
      const {
        out = pathBeside(path, 'profile'),
        golden = fileBeside(path, 'golden'),
        threads,
        maxBatch: maxBatchSize,
        dimension: dimensions,
        at,
        seconds,
        force,
      } = options;
      const { picture = defaultChart(out) } = options;
      const inputs = [path, golden, options.preprocessing];
      const outputs = [
        { option: '--out', path: out, inputs, mark: '"profileVersion"' },
        { option: '--picture', path: picture, inputs: [...inputs, out], mark: CHART_MARK },
      ] as const;
      outputs.forEach(checkOutput);
      if (options.in) return measureInDocker(path, { ...options, golden, out, picture });
      checkCacheFolder();
      const model = readModel(path, { ...options, golden, profile: false, interface: false });
      const bar = new ProgressBar(process.stderr);
      const signal = abortOnSignals();
      try {
        const measuring = { path, threads, maxBatchSize, dimensions, at, seconds, force, signal };
        const { profile, batchingObstacle, problems } = await profileModel(model, {
          ...measuring,
          onStep: (step) => bar.show(step),
        });
        bar.clear();
        if (batchingObstacle !== undefined) {
          printNote(
            `warning: only runs of one row were measured, because requests to this model do not share runs: ${batchingObstacle}`,
          );
        }
        writeOutput(outputs[0], `${JSON.stringify(profile, undefined, 2)}\n`);
        writeOutput(outputs[1], svgReport(model.name, profile));
        print(profileText(profile));
        print(['', ...describeSizing(profile, model).map(([label, text]) => `${label.padEnd(8)}${text}`)].join('\n'));
        printNote(`Wrote ${out} and ${picture}. Commit them beside the model.`);
        ModelServingError.throwIfAny(problems);
      } catch (error) {
        bar.clear();
        if (!signal.aborted) throw error;
        process.exitCode = EXIT_CODES[signal.reason as keyof typeof EXIT_CODES];
      }
    });
}

/** Runs this command in a container, without the option `--in`. */
async function measureInDocker(
  path: string,
  options: ProfileCommandOptions & { out: string; picture: string },
): Promise<void> {
  const { cpus, memoryMib: memoryMiB, out, picture, golden, preprocessing } = options;
  const files = { out, picture, golden, preprocessing };
  const paths = Object.entries(files).flatMap(([name, file]) => (file === undefined ? [] : [[name, resolve(file)]]));
  const omitted = { in: undefined, cpus: undefined, memoryMib: undefined };
  const args = Object.entries({ ...options, ...omitted, ...Object.fromEntries(paths) }).flatMap(optionArguments);
  const read = [path, golden, preprocessing].filter((file) => file !== undefined);
  const signal = abortOnSignals();
  try {
    const command = ['profile', resolve(path), ...args];
    process.exitCode = await runInDocker(command, { read, written: [out, picture] }, { cpus, memoryMiB }, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    process.exitCode = EXIT_CODES[signal.reason as keyof typeof EXIT_CODES];
  }
}

/** Formats an option for the command line: `maxBatch`, 8 → `--max-batch=8`. */
function optionArguments([name, value]: [string, unknown]): string[] {
  const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (value === undefined || value === false) return [];
  if (value === true) return [flag];
  if (Array.isArray(value)) return [`${flag}=${value.join(',')}`];
  if (typeof value !== 'object') return [`${flag}=${value}`];
  if (name === 'at') {
    const { name: dimension, sizes } = value as DimensionSizes;
    return [`${flag}=${dimension}=${sizes.join(',')}`];
  }
  return Object.entries(value as Dimensions).map(([dimension, size]) => `${flag}=${dimension}=${size}`);
}

/**
 * Returns a signal that aborts when this process receives SIGINT, SIGTERM or SIGHUP, so that it can stop its child
 * processes before it exits. The abort reason is the name of the received signal.
 */
function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of Object.keys(EXIT_CODES)) process.on(name, () => controller.abort(name));
  return controller.signal;
}

function defaultChart(profile: string): string {
  const { dir, name } = parse(profile);
  return join(dir, `${name}.svg`);
}

/** Returns a parser for whole numbers from 1 to `most`. */
function wholeNumber(most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
    throw new InvalidArgumentError(`Use a whole number from 1 to ${most}.`);
  };
}

function wholeNumbers(most: number): (text: string) => number[] {
  return (text) => text.split(',').map(wholeNumber(most));
}

function cpuCount(text: string): number {
  const number = Number(text);
  if (number >= 0.1 && number <= 1024) return number;
  throw new InvalidArgumentError('Use a number of CPUs from 0.1 to 1024, such as 1.5.');
}

function seconds(text: string): number {
  const number = Number(text);
  if (number > 0 && number <= 60) return number;
  throw new InvalidArgumentError('Use a number of seconds above 0 and at most 60.');
}
