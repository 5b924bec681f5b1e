import type { RecordedExample, RecordedTensor, RecordTask } from '../../inference-image/src/contract/golden-run';
import { rowAxes } from '../../inference-image/src/contract/row-axes';
import { ModelServingError } from '../errors';
import type { OnnxModel } from '../model/onnx-model';
import { replaceFile } from '../replace-file';
import { goldenErrors } from './errors';
import { FilesBeside } from './files-beside';
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
  const axes = rowAxes(model.batching);
  const report = runGolden({ modelPath: files[0]!.sourcePath, signature, axes, image, task });
  if (!('recorded' in report)) {
    const reason = 'failure' in report ? report.failure : 'unavailable' in report ? report.unavailable : '';
    throw new ModelServingError([goldenErrors.notRecorded(modelPath, reason)]);
  }
  const beside = new FilesBeside(
    out,
    report.recorded.flatMap(({ picture }) => picture ?? []),
  );
  const examples = report.recorded.map((example) => exampleText(example, tolerance, beside));
  replaceFile(out, `{\n  "examples": [\n${examples.join(',\n')}\n  ]\n}\n`);
  return examples.length;
}

/** JSON as text, since numbers of 64 bits would not survive being parsed. */
function exampleText(
  { name, inputs, picture, outputs }: RecordedExample,
  tolerance: RecordOptions['tolerance'],
  beside: FilesBeside,
): string {
  const list = (tensors: readonly RecordedTensor[] = []) =>
    tensors.map((tensor) => `\n          ${tensorText(tensor, elementsText(name, tensor, beside))}`).join(',');
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

function elementsText(example: string, { name, elements }: RecordedTensor, beside: FilesBeside): string {
  if ('json' in elements) return `"data": ${elements.json}`;
  return `"file": ${JSON.stringify(beside.elements(example, name, Buffer.from(elements.base64, 'base64')))}`;
}
