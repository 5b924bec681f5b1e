import { Command } from 'commander';
import { type TensorSignature, wireShape } from '../../inference-image/src/contract/signature';
import { defaultMemoryMiB, minimumMemoryMiB } from '../memory';
import type { OnnxModel } from '../model/onnx-model';
import { addModelOptions, type ModelOptions, readModel } from './model-options';

export function inspectCommand(): Command {
  return addModelOptions(new Command('inspect'))
    .description('Show what a model takes and gives, and whether it can be served.')
    .option('--json', 'print JSON')
    .action((path: string, options: ModelOptions & { json?: boolean }) => {
      const model = readModel(path, options);
      console.log(options.json ? JSON.stringify(facts(model), undefined, 2) : report(model));
    });
}

function facts(model: OnnxModel) {
  const { name, version, sha256, sizeBytes, irVersion, opsets, operators, signature, batching, metadata, files } =
    model;
  return {
    name,
    version,
    sha256,
    sizeBytes,
    irVersion,
    opsets,
    operators,
    inputs: signature.inputs.map(tensorFacts),
    outputs: signature.outputs.map(tensorFacts),
    batching,
    metadata,
    memoryMiB: { minimum: minimumMemoryMiB(model), default: defaultMemoryMiB(model) },
    files: files.map((file) => ({ path: file.path, sha256: file.sha256, sizeBytes: file.sizeBytes })),
    servable: true,
  };
}

function tensorFacts(tensor: TensorSignature) {
  return { name: tensor.name, datatype: tensor.datatype, shape: wireShape(tensor), dimensions: tensor.dimensions };
}

function report(model: OnnxModel): string {
  const opsets = Object.entries(model.opsets).map(([domain, version]) => `${domain} ${version}`);
  const { inputs, outputs } = model.signature;
  return table([
    ['model', `${model.name}, version ${model.version}`],
    ['sha256', model.sha256],
    [
      'size',
      `${model.sizeBytes.toLocaleString('en')} bytes in ${model.files.length} file${model.files.length > 1 ? 's' : ''}`,
    ],
    ['format', `IR version ${model.irVersion}, opset ${opsets.join(', ')}`],
    ['operators', model.operators.join(', ')],
    ...inputs.map((tensor, index): [string, string] => [index === 0 ? 'inputs' : '', tensorText(tensor)]),
    ...outputs.map((tensor, index): [string, string] => [index === 0 ? 'outputs' : '', tensorText(tensor)]),
    ['batching', batchingText(model.batching)],
    ['memory', `${minimumMemoryMiB(model)} MiB or more, ${defaultMemoryMiB(model)} MiB by default`],
    ['verdict', 'can be served'],
  ]);
}

function batchingText(batching: OnnxModel['batching']): string {
  if (!batching.possible) return `not possible: ${batching.reason}`;
  return batching.caution ? `possible, but ${batching.caution}` : 'possible';
}

function tensorText({ name, datatype, dimensions }: TensorSignature): string {
  return `${name}  ${datatype} [${dimensions.map((dimension) => dimension ?? '?').join(', ')}]`;
}

function table(rows: [string, string][]): string {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, text]) => `${label.padEnd(width)}  ${text}`).join('\n');
}
