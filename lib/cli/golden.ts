import { existsSync, readFileSync } from 'node:fs';
import { dirname, parse, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { RecordedRequest } from '../../inference-image/src/contract/golden-run';
import { ModelServingError } from '../errors';
import { goldenErrors } from '../golden/errors';
import { randomRequests } from '../golden/random-requests';
import { recordGolden } from '../golden/record-golden';
import { readingFile } from '../model/model-files';
import type { OnnxModel } from '../model/onnx-model';
import { defaultGoldenPath, type ModelOptions, addModelOptions, readModel } from './model-options';

interface RecordOptions extends ModelOptions {
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
  return addModelOptions(new Command('record'))
    .description('Run requests, and write them with their answers as golden examples; commit the file.')
    .option('--inputs <file...>', 'requests as the protocol has them in JSON; each becomes an example of its name')
    .option('--random <count>', 'record so many random requests instead', whole)
    .option('--seed <number>', 'of the random requests', whole, 1)
    .option('--out <file>', 'where to write (default: beside the model, digits.golden.json for digits.onnx)')
    .option('--absolute <difference>', 'allowed for each floating point value (default: 0.00001)', amount)
    .option('--relative <share>', 'of the value, allowed in addition (default: 0.0001)', amount)
    .option('--force', 'overwrite examples that are there')
    .action((path: string, options: RecordOptions) => {
      const { out = defaultGoldenPath(path), absolute, relative, force } = options;
      if (!force && existsSync(out)) throw new ModelServingError([goldenErrors.exists(out)]);
      // They have no say in what the model answers.
      const unchecked = { ...options, profile: false as const, contract: false as const };
      const model = readModel(path, unchecked);
      const requests = requestsOf(model, options);
      const tolerance = absolute === undefined && relative === undefined ? undefined : { absolute, relative };
      recordGolden(model, path, requests, { out, tolerance });
      readModel(path, { ...unchecked, golden: out });
      console.log(`${out}: ${requests.length} golden ${requests.length === 1 ? 'example' : 'examples'}.`);
    });
}

function requestsOf(model: OnnxModel, { inputs, random, seed }: RecordOptions): RecordedRequest[] {
  if ((inputs === undefined) === (random === undefined)) {
    throw new ModelServingError([goldenErrors.inputsOrRandom()]);
  }
  if (inputs) return inputs.map(requestOf);
  return randomRequests(model.signature, random!, seed).map((request, i) => ({
    name: `random ${i + 1}`,
    json: JSON.stringify(request),
    folder: '.',
  }));
}

function requestOf(path: string): RecordedRequest {
  const json = readingFile(path, () => readFileSync(path, 'utf8'));
  return { name: parse(path).name, json, folder: resolve(dirname(path)) };
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
