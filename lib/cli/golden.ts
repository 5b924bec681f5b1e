import { counted } from '../base/text';
import { existsSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { dimensionNames } from '../../inference-image/src/contract/given-sizes';
import type { RecordTask } from '../../inference-image/src/contract/golden';
import type { Signature } from '../../inference-image/src/contract/signature';
import { pathBeside } from '../base/committed-file';
import { ModelServingError } from '../base/errors';
import { goldenErrors } from '../golden/errors';
import { checkFolderBeside } from '../golden/files-beside';
import { recordGolden } from '../golden/record-golden';
import { requestFile } from '../golden/request-files/request-file';
import { unknownDimensions } from '../model/unknown-dimensions';
import { dimensionOption } from './dimension-option';
import { addClientModelOptions, type ClientModelOptions, readModel } from './model-options';
import { checkOutput, print } from './output';

interface RecordOptions extends ClientModelOptions {
  inputs?: string[];
  random?: number;
  seed?: number;
  dimension: Record<string, number>;
  out?: string;
  absolute?: number;
  relative?: number;
  force?: boolean;
}

export function goldenCommand(): Command {
  return new Command('golden')
    .description('Record requests and the answers that a model must give to them.')
    .addCommand(recordCommand());
}

function recordCommand(): Command {
  return addClientModelOptions(new Command('record'))
    .description('Run requests and write them, with their answers, to a file of golden examples. Commit that file.')
    .option(
      '--inputs <file...>',
      'requests in JSON, .npz, .npy, .csv, PNG or JPEG files; each becomes an example that is named after its file',
    )
    .option('--random <count>', 'number of random requests to generate and record, instead of --inputs', whole)
    .option('--seed <number>', 'seed for the random requests (default: 1)', whole)
    .addOption(dimensionOption())
    .option('--out <file>', 'file to write (default: MODEL.golden.json beside MODEL.onnx)', jsonPath)
    .option(
      '--absolute <difference>',
      'allowed absolute difference between floating-point values (default: measured for each output)',
      amount,
    )
    .option(
      '--relative <fraction>',
      'additional allowed difference, as a fraction of the value (default: 0.0001)',
      amount,
    )
    .option('--force', 'overwrite existing examples')
    .action((path: string, options: RecordOptions) => {
      checkRequests(options);
      const { out = pathBeside(path, 'golden'), absolute, relative, force } = options;
      const inputs = [path, options.preprocessing, ...(options.inputs ?? [])];
      checkOutput({ option: '--out', path: out, inputs });
      checkFolderBeside(out);
      if (!force && existsSync(out)) throw new ModelServingError([goldenErrors.exists(out)]);
      // The profile and the interface do not affect the answers.
      const unchecked = { ...options, profile: false as const, interface: false as const };
      const model = readModel(path, unchecked);
      const task = taskOf(path, model.signature, options);
      if (!model.picture) refusePictures(out, task);
      const tolerance = absolute === undefined && relative === undefined ? undefined : { absolute, relative };
      const count = recordGolden(model, path, task, { out, tolerance });
      print(`${out}: ${counted(count, 'golden example')}.`);
    });
}

/** Checks the options that select requests, before any file is read. */
function checkRequests({ inputs, random, seed, dimension }: RecordOptions): void {
  if ((inputs === undefined) === (random === undefined)) {
    throw new ModelServingError([goldenErrors.inputsOrRandom()]);
  }
  if (!inputs) return;
  ModelServingError.throwIfAny([
    ...(Object.keys(dimension).length > 0 ? [goldenErrors.sizesOfInputs()] : []),
    ...(seed === undefined ? [] : [goldenErrors.seedOfInputs()]),
  ]);
}

function taskOf(path: string, signature: Signature, options: RecordOptions): RecordTask {
  const { inputs, random, seed = 1, dimension: sizes } = options;
  if (!inputs) {
    ModelServingError.throwIfAny(unknownDimensions(path, '--dimension', Object.keys(sizes), dimensionNames(signature)));
    return { random: { count: random!, seed, sizes } };
  }
  const requests = inputs.map((input) => requestFile(input, signature));
  const twice = requests.find(({ name }, i) => requests.findIndex((other) => other.name === name) < i);
  if (twice) throw new ModelServingError([goldenErrors.nameTwice(twice.name)]);
  return { record: requests };
}

function refusePictures(out: string, task: RecordTask): void {
  const requests = 'record' in task ? task.record : [];
  ModelServingError.throwIfAny(
    requests.flatMap((request) =>
      'picture' in request ? goldenErrors.pictureUndeclared(out, request.name, request.picture) : [],
    ),
  );
}

/**
 * Requires the extension .json. Without it, the file and the folder for elements stored as bytes would have the same
 * name.
 */
function jsonPath(path: string): string {
  if (path.endsWith('.json')) return path;
  throw new InvalidArgumentError('Use a file that ends in .json.');
}

function whole(text: string): number {
  if (/^[1-9][0-9]*$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Use a whole number of at least 1.');
}

function amount(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Use a number that is not negative.');
}
