import { Command } from 'commander';
import { obstacleText, type RowAxes } from '../../inference-image/src/contract/batching-verdict';
import type { ClassOutput } from '../../inference-image/src/contract/picture-input';
import {
  type Signature,
  type TensorSignature,
  tensorText,
  wireShape,
} from '../../inference-image/src/contract/signature';
import { ModelServingError } from '../base/errors';
import { bytesText } from '../base/text';
import { defaultMemoryMiB, neededMemoryMiB, requestLimits } from '../sizing/memory';
import { cardProperties } from '../model/model-card';
import type { OnnxModel } from '../onnx-model/onnx-model';
import { describeSizing } from '../sizing/describe-sizing';
import { sizeReplica, type Sizing } from '../sizing/sizing';
import { printableLine } from '../../inference-image/src/contract/printable';
import { addStackModelOptions, readModel, type StackModelOptions } from './model-options';
import { print } from './output';

interface InspectOptions extends StackModelOptions {
  json?: boolean;
}

export function inspectCommand(): Command {
  return addStackModelOptions(new Command('inspect'))
    .description("Show a model's inputs, outputs and properties, and whether it can be served.")
    .option('--json', 'print JSON')
    .action((path: string, options: InspectOptions) => {
      if (options.json) print(JSON.stringify(inspect(path, options), undefined, 2));
      else print(report(readModel(path, options), options));
    });
}

/** Collects the data that `--json` prints. Standard output is always JSON, even if the model has problems. */
function inspect(path: string, options: InspectOptions): object {
  try {
    return facts(readModel(path, options));
  } catch (error) {
    if (!(error instanceof ModelServingError)) throw error;
    process.exitCode = 1;
    return { servable: false, problems: error.problems };
  }
}

function facts(model: OnnxModel): object {
  const { name, version, sha256, sizeBytes, irVersion, opsets, operators, batching, metadata, servable, warnings } =
    model;
  const sizing = measuredSizing(model);
  const memoryMiB = sizing?.memoryMiB ?? defaultMemoryMiB(model, {});
  return {
    servable,
    name,
    version,
    sha256,
    sizeBytes,
    irVersion,
    opsets,
    operators,
    inputs: model.signature.inputs.map(tensorFacts),
    outputs: model.signature.outputs.map(tensorFacts),
    signatureProof: model.signatureProof,
    ...(isCorrected(model) && { declaredOutputs: model.declaredSignature.outputs.map(tensorFacts) }),
    picture: model.picture,
    classes: model.classes,
    batching,
    rebatchable: model.rebatchable,
    rebatchObstacle: model.rebatchObstacle,
    metadata,
    card: model.card,
    warnings,
    memoryMiB: { minimum: neededMemoryMiB(model, sizing ?? {}), default: memoryMiB },
    requests: requestLimits(model, sizing ?? {}, memoryMiB),
    sizing,
    files: model.files.map((file) => ({ path: file.path, sha256: file.sha256, sizeBytes: file.sizeBytes })),
  };
}

function tensorFacts(tensor: TensorSignature) {
  return { name: tensor.name, datatype: tensor.datatype, shape: wireShape(tensor), dimensions: tensor.dimensions };
}

function report(model: OnnxModel, { runtimeCheck }: InspectOptions): string {
  const opsets = Object.entries(model.opsets).map(([domain, version]) => `${domain} ${version}`);
  const { inputs, outputs } = model.signature;
  const sizing = measuredSizing(model);
  const memoryMiB = sizing?.memoryMiB ?? defaultMemoryMiB(model, {});
  return table([
    ['model', `${model.name}, version ${model.version}`],
    ['sha256', model.sha256],
    ['size', `${model.sizeBytes.toLocaleString('en')} bytes`],
    ['format', `IR version ${model.irVersion}, opset ${opsets.join(', ')}`],
    ['operators', model.operators.join(', ')],
    ...inputs.map((tensor, index): [string, string] => [
      index === 0 ? 'inputs' : '',
      `${tensor.name}  ${tensorText(tensor)}`,
    ]),
    ...outputs.map((tensor, index): [string, string] => [
      index === 0 ? 'outputs' : '',
      `${tensor.name}  ${tensorText(tensor)}`,
    ]),
    ['signature', signatureText(model)],
    ...preprocessingRows(model),
    ['batching', batchingText(model)],
    ['memory', `at least ${neededMemoryMiB(model, sizing ?? {})} MiB, ${memoryMiB} MiB by default`],
    ['requests', requestsText(requestLimits(model, sizing ?? {}, memoryMiB))],
    ...(model.profile ? describeSizing(model.profile, model) : []),
    ...cardRows(model),
    ['verdict', verdict(model, runtimeCheck)],
  ]);
}

function signatureText(model: OnnxModel): string {
  const { signatureProof: proof } = model;
  const outputs = isCorrected(model) ? 'actual outputs, not those that the file declares' : 'as declared';
  return proof.proved ? `${outputs}; proved by running the model` : `${outputs}; unproved: ${proof.reason}`;
}

function isCorrected({ signature, declaredSignature }: OnnxModel): boolean {
  return signature !== declaredSignature;
}

/** Formats the limits on requests: `up to 16 MiB each, 64 MiB for all requests in progress`. */
function requestsText({ maxRequestBytes, requestBudgetBytes }: ReturnType<typeof requestLimits>): string {
  return `up to ${bytesText(maxRequestBytes)} each, ${bytesText(requestBudgetBytes)} for all requests in progress`;
}

/** Table rows for the model card, one for each line of text. */
function cardRows({ card = {} }: OnnxModel): [string, string][] {
  return Object.entries(cardProperties(card)).flatMap(([name, text]) =>
    text.split(/\r?\n|\r/).map((line, index): [string, string] => [index === 0 ? name.replaceAll('_', ' ') : '', line]),
  );
}

function preprocessingRows({ picture, classes }: OnnxModel): [string, string][] {
  const rows: [string, string][] = [];
  if (picture) {
    const { width, height, color, input, maxPixels } = picture;
    const limit = `of at most ${maxPixels.toLocaleString('en')} pixels`;
    rows.push(['pictures', `PNG or JPEG ${limit}, as ${width} x ${height} ${color} for "${input}"`]);
  }
  if (classes) rows.push(['classes', classesText(classes)]);
  return rows;
}

function classesText({ output, kind, softmax, names }: ClassOutput): string {
  const how = softmax ? 'softmax of the scores' : kind;
  return `${names ? `${names.length} names` : 'no names'}, from the ${how} in output "${output}"`;
}

/** Replica sizes that constructs derive from the profile if no prop sets them. */
function measuredSizing(model: OnnxModel): Sizing | undefined {
  return model.profile && sizeReplica(model.profile, model);
}

function verdict({ servable }: OnnxModel, runtimeCheck: StackModelOptions['runtimeCheck']): string {
  if (!servable) return 'cannot be served, or could not be loaded on this machine: see the warnings';
  return runtimeCheck === 'skip' ? 'can be served, judging by its graph' : 'can be served';
}

function batchingText({ batching, rebatchable, rebatchObstacle, signature }: OnnxModel): string {
  if (batching.verdict === 'independent') return `independent: requests may share runs${axesText(batching, signature)}`;
  const hint = rebatchable ? '; `model-serving rebatch` can free the first dimension' : '';
  const obstacle =
    batching.verdict === 'fixed' && rebatchObstacle
      ? `; even with a free first dimension, requests could not share runs: ${rebatchObstacle}`
      : '';
  return `${batching.verdict}: ${obstacleText(batching)}${hint}${obstacle}`;
}

/**
 * Lists tensors whose rows are not on axis 0, and tensors without rows:
 * `; rows on axis 1 of "state"; one "sr" per run`.
 */
function axesText({ inputAxes, outputAxes }: RowAxes, { inputs, outputs }: Signature): string {
  const axes = [...inputAxes, ...outputAxes];
  const odd = [...inputs, ...outputs].flatMap(({ name }, i) => {
    const axis = axes[i];
    if (axis === 0) return [];
    return [axis === null ? `one "${name}" per run` : `rows on axis ${axis} of "${name}"`];
  });
  return odd.map((text) => `; ${text}`).join('');
}

function table(rows: [string, string][]): string {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, text]) => `${label.padEnd(width)}  ${printableLine(text)}`).join('\n');
}
