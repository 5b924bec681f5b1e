import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, parse, relative, sep } from 'node:path';
import type { RecordedExample, RecordedTensor, RecordTask } from '../../inference-image/src/contract/golden-run';
import { ModelServingError } from '../errors';
import type { OnnxModel } from '../model/onnx-model';
import { replaceFile } from '../replace-file';
import { goldenErrors } from './errors';
import { runGolden } from './golden-run';

export interface RecordOptions {
  /** Of the file to write, which ends in .json. Elements that are kept as bytes go into a folder beside it. */
  readonly out: string;
  /** Of all examples; what is left out is as the container has it. */
  readonly tolerance?: { readonly absolute?: number; readonly relative?: number };
}

/**
 * Runs a model on requests and writes them with its answers as golden examples.
 *
 * @param modelPath - as the user gave it, for messages
 * @returns how many examples there are
 * @throws ModelServingError `golden-not-recorded`
 */
export function recordGolden(
  model: OnnxModel,
  modelPath: string,
  task: RecordTask,
  { out, tolerance }: RecordOptions,
): number {
  const { signature, files, image } = model;
  const report = runGolden({ modelPath: files[0]!.sourcePath, signature, image, task });
  if (!('recorded' in report)) {
    const reason = 'failure' in report ? report.failure : 'unavailable' in report ? report.unavailable : '';
    throw new ModelServingError([goldenErrors.notRecorded(modelPath, reason)]);
  }
  const beside = new FilesBeside(out);
  const examples = report.recorded.map((example, index) => {
    const picture = 'record' in task ? task.record[index]!.picture : undefined;
    return exampleText(example, picture, tolerance, beside);
  });
  replaceFile(out, `{\n  "examples": [\n${examples.join(',\n')}\n  ]\n}\n`);
  return examples.length;
}

/** JSON as text, since numbers of 64 bits would not survive being parsed. */
function exampleText(
  { name, inputs, outputs }: RecordedExample,
  picture: string | undefined,
  tolerance: RecordOptions['tolerance'],
  beside: FilesBeside,
): string {
  const list = (tensors: readonly RecordedTensor[] = []) =>
    tensors.map((tensor) => `\n          ${tensorText(tensor, beside.elements(name, tensor))}`).join(',');
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

function tensorText({ name, datatype, shape }: RecordedTensor, elements: string): string {
  return `{ "name": ${JSON.stringify(name)}, "datatype": "${datatype}", "shape": ${JSON.stringify(shape)}, ${elements} }`;
}

/** Files that golden examples name, in a folder beside them: `digits.golden/zero.image.bin`. */
class FilesBeside {
  private readonly home: string;
  private readonly folder: string;
  private readonly taken = new Set<string>();

  constructor(out: string) {
    this.home = dirname(out);
    this.folder = basename(out, '.json');
  }

  /** What an example says of a tensor's elements; writes those that are kept as bytes. */
  elements(example: string, { name, elements }: RecordedTensor): string {
    if ('json' in elements) return `"data": ${elements.json}`;
    const file = this.write(`${fileName(example)}.${fileName(name)}`, '.bin', Buffer.from(elements.base64, 'base64'));
    return `"file": ${JSON.stringify(file)}`;
  }

  /** What an example says of a picture, which is copied where it is not below the folder of the examples. */
  picture(path: string): string {
    const within = relative(this.home, path).replaceAll(sep, '/');
    if (!within.startsWith('../') && !isAbsolute(within)) return within;
    const { name, ext } = parse(path);
    return this.write(fileName(name), ext, readFileSync(path));
  }

  private write(stem: string, extension: string, content: Buffer): string {
    const file = this.free(`${this.folder}/${stem}`, extension);
    mkdirSync(join(this.home, this.folder), { recursive: true });
    writeFileSync(join(this.home, file), content);
    return file;
  }

  private free(stem: string, extension: string): string {
    let file = `${stem}${extension}`;
    for (let again = 2; this.taken.has(file); again++) file = `${stem}-${again}${extension}`;
    this.taken.add(file);
    return file;
  }
}

function fileName(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]/g, '_');
}
