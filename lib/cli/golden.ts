import { existsSync, readFileSync } from 'node:fs';
import { dirname, parse, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { RecordedRequest, RecordTask } from '../../inference-image/src/contract/golden-run';
import { imageFormat } from '../../inference-image/src/contract/image-format';
import { pathBeside } from '../committed-file';
import { ModelServingError } from '../errors';
import { goldenErrors } from '../golden/errors';
import { checkFolderBeside } from '../golden/files-beside';
import { refuseLinkOutside } from '../golden/golden-file';
import { recordGolden } from '../golden/record-golden';
import { liesBelow } from '../link-outside';
import { decodedText, readingFile } from '../model/model-files';
import { counted } from '../profile/sizing-text';
import { addCalledModelOptions, type CalledModelOptions, readModel } from './model-options';
import { checkOutput } from './output';
import { print } from './print';

interface RecordOptions extends CalledModelOptions {
  inputs?: string[];
  random?: number;
  seed: number;
  out?: string;
  absolute?: number;
  relative?: number;
  force?: boolean;
}

export function goldenCommand(): Command {
  return new Command('golden')
    .description('Keep requests with the answers that a model must give to them.')
    .addCommand(recordCommand());
}

function recordCommand(): Command {
  return addCalledModelOptions(new Command('record'))
    .description('Run requests, and write them with their answers as golden examples; commit the file.')
    .option(
      '--inputs <file...>',
      'requests as the protocol has them in JSON, or PNG or JPEG files; each becomes an example of its name',
    )
    .option('--random <count>', 'record so many random requests instead', whole)
    .option('--seed <number>', 'of the random requests', whole, 1)
    .option('--out <file>', 'where to write (default: beside the model, digits.golden.json for digits.onnx)', jsonPath)
    .option('--absolute <difference>', 'allowed for each floating point value (default: 0.00001)', amount)
    .option('--relative <share>', 'of the value, allowed in addition (default: 0.0001)', amount)
    .option('--force', 'overwrite examples that are there')
    .action((path: string, options: RecordOptions) => {
      const { out = pathBeside(path, 'golden'), absolute, relative, force } = options;
      const inputs = [path, options.preprocessing, ...(options.inputs ?? [])];
      checkOutput({ option: '--out', path: out, inputs });
      checkFolderBeside(out);
      if (!force && existsSync(out)) throw new ModelServingError([goldenErrors.exists(out)]);
      // They have no say in what the model answers.
      const unchecked = { ...options, profile: false as const, contract: false as const };
      const model = readModel(path, unchecked);
      const task = taskOf(options);
      if (!model.image) refusePictures(out, task);
      const tolerance = absolute === undefined && relative === undefined ? undefined : { absolute, relative };
      const count = recordGolden(model, path, task, { out, tolerance });
      readModel(path, { ...unchecked, golden: out });
      print(`${out}: ${counted(count, 'golden example')}.`);
    });
}

function taskOf({ inputs, random, seed }: RecordOptions): RecordTask {
  if ((inputs === undefined) === (random === undefined)) {
    throw new ModelServingError([goldenErrors.inputsOrRandom()]);
  }
  if (!inputs) return { random: { count: random!, seed } };
  const requests = inputs.map(requestOf);
  const twice = requests.find(({ name }, i) => requests.findIndex((other) => other.name === name) < i);
  if (twice) throw new ModelServingError([goldenErrors.nameTwice(twice.name)]);
  return { record: requests };
}

function requestOf(path: string): RecordedRequest {
  const content = readingFile(path, () => readFileSync(path));
  const { name } = parse(path);
  if (isPicture(path, content)) return { name, picture: path };
  const json = decodedText(path, content);
  for (const file of filesOf(json)) refuseLinkOutside(path, file);
  return { name, json, folder: resolve(dirname(path)) };
}

/** Files that hold elements of a request, if it is one: what else is wrong with it is found where it is read. */
function filesOf(json: string): string[] {
  try {
    const { inputs } = JSON.parse(json) as { inputs: readonly { file?: unknown }[] };
    return inputs.flatMap(({ file }) => (typeof file === 'string' && liesBelow('.', file) ? [file] : []));
  } catch {
    return [];
  }
}

/** What is called so and is none is refused with the reason, as a client's would be. */
function isPicture(path: string, content: Buffer): boolean {
  return /\.(png|jpe?g)$/i.test(path) || imageFormat(content) !== undefined;
}

function refusePictures(out: string, task: RecordTask): void {
  const requests = 'record' in task ? task.record : [];
  ModelServingError.throwIfAny(
    requests.flatMap((request) =>
      'picture' in request ? goldenErrors.pictureUndeclared(out, request.name, request.picture) : [],
    ),
  );
}

/** Elements that are kept as bytes go into a folder of its name without the end. */
function jsonPath(path: string): string {
  if (path.endsWith('.json')) return path;
  throw new InvalidArgumentError('Give a file that ends in .json.');
}

function whole(text: string): number {
  if (/^[1-9][0-9]*$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number of 1 or more.');
}

function amount(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Give a number of 0 or more.');
}
