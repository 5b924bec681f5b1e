import { existsSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  type GoldenFile,
  type GoldenReport,
  namedFiles,
  type RecordedExample,
  type RecordedTensor,
  type RecordTask,
} from '../../inference-image/src/contract/golden';
import { rowAxes } from '../../inference-image/src/contract/batching-verdict';
import { ModelServingError, type Problem } from '../base/errors';
import type { InputValuesByName } from '../../inference-image/src/contract/input-values';
import type { Model } from '../model/model';
import { plainText } from '../base/source-file';
import { replaceFiles } from '../base/write-file';
import { goldenErrors } from './errors';
import { FilesBeside } from './files-beside';
import { checkReservedFiles } from './golden-file';
import { runGolden } from './check-golden';

export interface RecordOptions {
  /** Path of the file to write, which ends in .json. Elements stored as bytes go into a folder beside this file. */
  readonly out: string;
  /**
   * Tolerance for all examples. If only one part is set, the container's default applies to the other.
   * @default - measured for each output
   */
  readonly tolerance?: { readonly absolute?: number; readonly relative?: number };
}

/**
 * Runs a model on requests and writes them with its answers as golden examples. Writes all files or none, and removes
 * the files of earlier examples.
 *
 * @param model - model without golden examples
 * @param modelPath - path as the user gave it; used in messages
 * @returns the number of examples
 * @throws ModelServingError `golden-not-recorded`, `golden-empty`, `golden-all-nan`, `golden-constant`,
 * `golden-unrepeatable`, `golden-unstable`, `golden-file-reserved`
 */
export function recordGolden(
  model: Model & { readonly inputValues: InputValuesByName },
  modelPath: string,
  task: RecordTask,
  { out, tolerance }: RecordOptions,
): number {
  const { signature, files, picture, inputValues: takes } = model;
  const axes = rowAxes(model.batching);
  const report = runGolden({ modelPath: files[0]!.sourcePath, signature, axes, takes, picture, task });
  if (!('recorded' in report)) throw new ModelServingError([faultOf(report, modelPath, 'random' in task)]);
  if (!tolerance) refuseUnstable(modelPath, report.recorded, 'random' in task);
  ModelServingError.throwIfAny(report.recorded.filter(isEmpty).map(({ name }) => goldenErrors.empty(modelPath, name)));
  const beside = new FilesBeside(
    out,
    report.recorded.flatMap(({ picture }) => picture ?? []),
  );
  const examples = report.recorded.map((example) => exampleText(example, tolerance, beside));
  const content = `{\n  "examples": [\n${examples.join(',\n')}\n  ]\n}\n`;
  const named = namedFiles((JSON.parse(content) as GoldenFile).examples).map((path) => ({ path }));
  ModelServingError.throwIfAny(checkReservedFiles({ path: out, files: named }, files));

  const earlier = tensorFiles(out);
  const home = dirname(out);
  try {
    replaceFiles([
      ...beside.files.map((file) => ({ path: join(home, file.path), content: file.content })),
      { path: out, content },
    ]);
  } catch (error) {
    throw new ModelServingError([goldenErrors.unwritable(out, (error as Error).message)]);
  }
  removeOrphans(out, earlier, tensorFiles(out));
  return examples.length;
}

/**
 * Whether an example has no rows, so that its answer does not depend on the weights. A single empty input among others
 * may be an empty cache.
 */
function isEmpty({ inputs = [], outputs }: RecordedExample): boolean {
  const hasNone = ({ shape }: RecordedTensor) => shape.includes(0);
  return inputs.some(hasNone) && (inputs.every(hasNone) || outputs.every(hasNone));
}

function faultOf(report: Exclude<GoldenReport, { recorded: unknown }>, modelPath: string, isRandom: boolean): Problem {
  if ('unusable' in report) return goldenErrors.unusable(modelPath, report.unusable, isRandom);
  const reason = 'failure' in report ? report.failure : 'unavailable' in report ? report.unavailable : 'no answers';
  return goldenErrors.notRecorded(modelPath, reason, isRandom);
}

function refuseUnstable(modelPath: string, recorded: readonly RecordedExample[], isRandom: boolean): void {
  ModelServingError.throwIfAny(
    recorded.flatMap(({ name, unstable }) =>
      unstable === undefined ? [] : goldenErrors.unstable(modelPath, name, unstable, isRandom),
    ),
  );
}

/** Lists the files with tensor elements beside golden examples. The list is empty if the examples cannot be read. */
function tensorFiles(path: string): string[] {
  if (!existsSync(path)) return [];
  try {
    const plain = plainText(readFileSync(path));
    const { examples } = JSON.parse('text' in plain ? plain.text : '') as GoldenFile;
    const tensors = examples.flatMap(({ request, response }) => [...(request?.inputs ?? []), ...response.outputs]);
    const folder = `${basename(path, '.json')}/`;
    return tensors.flatMap(({ file }) => (file?.startsWith(folder) ? file : []));
  } catch {
    return [];
  }
}

function removeOrphans(out: string, earlier: readonly string[], named: readonly string[]): void {
  const home = dirname(out);
  const orphans = earlier.filter((file) => !named.includes(file));
  for (const file of orphans) rmSync(join(home, file), { force: true });
  if (orphans.length === 0) return;
  try {
    rmdirSync(join(home, basename(out, '.json')));
  } catch {
    // The folder contains other files.
  }
}

/** Formats an example as JSON. Copies the elements as text, because parsing would round 64-bit integers. */
function exampleText(
  { name, inputs, picture, outputs }: RecordedExample,
  tolerance: RecordOptions['tolerance'],
  beside: FilesBeside,
): string {
  const list = (tensors: readonly RecordedTensor[] = []) =>
    tensors
      .map((tensor) => `\n          ${tensorText(tensor, elementsText(name, tensor, beside), tolerance === undefined)}`)
      .join(',');
  const parts = [
    `"name": ${JSON.stringify(name)}`,
    picture === undefined
      ? `"request": {\n        "inputs": [${list(inputs)}\n        ]\n      }`
      : `"picture": ${JSON.stringify(beside.picture(picture))}`,
    `"response": {\n        "outputs": [${list(outputs)}\n        ]\n      }`,
    ...(tolerance ? [`"tolerance": ${JSON.stringify(tolerance)}`] : []),
  ];
  return `    {\n      ${parts.join(',\n      ')}\n    }`;
}

function tensorText(
  { name, datatype, shape, tolerance }: RecordedTensor,
  elements: string,
  hasOwnTolerance: boolean,
): string {
  const own =
    hasOwnTolerance && tolerance !== undefined ? `, "tolerance": ${JSON.stringify({ absolute: tolerance })}` : '';
  return `{ "name": ${JSON.stringify(name)}, "datatype": "${datatype}", "shape": ${JSON.stringify(shape)}, ${elements}${own} }`;
}

function elementsText(example: string, { name, elements }: RecordedTensor, beside: FilesBeside): string {
  if ('json' in elements) return `"data": ${elements.json}`;
  return `"file": ${JSON.stringify(beside.elements(example, name, Buffer.from(elements.base64, 'base64')))}`;
}
