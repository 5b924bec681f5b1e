import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { defaultContractPath } from '../interface-contract/contract-file';
import type { OnnxModel } from '../model/onnx-model';
import { measuredOn } from '../profile/measured-on';
import {
  addCommittedOptions,
  addModelOptions,
  type CommittedOptions,
  goldenBeside,
  type ModelOptions,
  readModel,
} from './model-options';

type CheckOptions = ModelOptions & CommittedOptions;

export function checkCommand(): Command {
  return addCommittedOptions(addModelOptions(new Command('check')))
    .description('Check all that a synth checks of a model; golden examples beside it too (digits.golden.json).')
    .action((path: string, options: CheckOptions) => {
      const { golden = goldenBeside(path) } = options;
      const model = readModel(path, { ...options, golden });
      for (const [what, result] of findings(path, model, { ...options, golden })) console.log(`${what}: ${result}`);
      if (!model.servable) process.exitCode = 1;
    });
}

function findings(path: string, model: OnnxModel, options: CheckOptions): [string, string][] {
  const { golden, contract, runtimeCheck } = options;
  const ran = runtimeCheck === 'skip' ? 'not run' : model.servable ? 'reproduced' : 'see the warnings';
  const contractPath = contract || defaultContractPath(path);
  return [
    ['model', `${model.name}, version ${model.version}, sha256 ${model.sha256}`],
    ['runtime', runtimeCheck === 'skip' ? 'not asked' : model.servable ? 'loads it' : 'see the warnings'],
    ['golden examples', golden === undefined ? 'none' : `${golden}, ${ran}`],
    ['profile', model.profile ? `measured on ${measuredOn(model.profile)}` : 'none'],
    ['contract', contract !== false && existsSync(contractPath) ? `${contractPath}, kept` : 'none'],
  ];
}
