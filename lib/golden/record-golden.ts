import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
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
  const { signature, files } = model;
  const report = runGolden({ modelPath: files[0]!.sourcePath, signature, task });
  if (!('recorded' in report)) {
    const reason = 'failure' in report ? report.failure : 'unavailable' in report ? report.unavailable : '';
    throw new ModelServingError([goldenErrors.notRecorded(modelPath, reason)]);
  }
  const elements = new ElementFiles(out);
  const examples = report.recorded.map((example) => exampleText(example, tolerance, elements));
  replaceFile(out, `{\n  "examples": [\n${examples.join(',\n')}\n  ]\n}\n`);
  return examples.length;
}

/** JSON as text, since numbers of 64 bits would not survive being parsed. */
function exampleText(
  { name, inputs, outputs }: RecordedExample,
  tolerance: RecordOptions['tolerance'],
  elements: ElementFiles,
): string {
  const list = (tensors: readonly RecordedTensor[]) =>
    tensors.map((tensor) => `\n          ${tensorText(tensor, elements.of(name, tensor))}`).join(',');
  const parts = [
    `"name": ${JSON.stringify(name)}`,
    `"request": {\n        "inputs": [${list(inputs)}\n        ]\n      }`,
    `"response": {\n        "outputs": [${list(outputs)}\n        ]\n      }`,
    ...(tolerance ? [`"tolerance": ${JSON.stringify(tolerance)}`] : []),
  ];
  return `    {\n      ${parts.join(',\n      ')}\n    }`;
}

function tensorText({ name, datatype, shape }: RecordedTensor, elements: string): string {
  return `{ "name": ${JSON.stringify(name)}, "datatype": "${datatype}", "shape": ${JSON.stringify(shape)}, ${elements} }`;
}

/** Files beside the golden examples, each with the bytes of one tensor: `digits.golden/zero.image.bin`. */
class ElementFiles {
  private readonly taken = new Set<string>();

  constructor(private readonly out: string) {}

  /** What an example says of a tensor's elements; writes those that are kept as bytes. */
  of(example: string, { name, elements }: RecordedTensor): string {
    if ('json' in elements) return `"data": ${elements.json}`;
    const folder = basename(this.out, '.json');
    const file = this.free(`${folder}/${fileName(example)}.${fileName(name)}`);
    mkdirSync(join(dirname(this.out), folder), { recursive: true });
    writeFileSync(join(dirname(this.out), file), Buffer.from(elements.base64, 'base64'));
    return `"file": ${JSON.stringify(file)}`;
  }

  private free(stem: string): string {
    let file = `${stem}.bin`;
    for (let again = 2; this.taken.has(file); again++) file = `${stem}-${again}.bin`;
    this.taken.add(file);
    return file;
  }
}

function fileName(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]/g, '_');
}
