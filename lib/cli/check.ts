import { Command } from 'commander';
import { GOLDEN_FILE } from '../../inference-image/src/contract/model-manifest';
import { fileBeside } from '../base/committed-file';
import { locateInterface } from '../interface/interface-file';
import type { OnnxModel } from '../onnx-model/onnx-model';
import { measuredOn } from '../profile/describe-profile';
import { addStackModelOptions, readModel, type StackModelOptions } from './model-options';
import { print } from './output';

export function checkCommand(): Command {
  return addStackModelOptions(new Command('check'))
    .description(
      'Run every check that a synth runs, including the golden examples beside the model (MODEL.golden.json).',
    )
    .action((path: string, options: StackModelOptions) => {
      const { golden = fileBeside(path, 'golden') } = options;
      const model = readModel(path, { ...options, golden });
      for (const [what, result] of findings(path, model, { ...options, golden })) print(`${what}: ${result}`);
      if (!model.servable) process.exitCode = 1;
    });
}

function findings(path: string, model: OnnxModel, options: StackModelOptions): [string, string][] {
  const { golden, runtimeCheck } = options;
  const hasExamples = model.files.some((file) => file.path === GOLDEN_FILE);
  const ran = runtimeCheck === 'skip' ? 'not run' : model.servable && hasExamples ? 'reproduced' : 'see the warnings';
  const accepted = locateInterface(path, options.interface);
  return [
    ['model', `${model.name}, version ${model.version}, sha256 ${model.sha256}`],
    ['runtime', runtimeCheck === 'skip' ? 'not checked' : model.servable ? 'loads the model' : 'see the warnings'],
    ['golden examples', golden === undefined ? 'none' : `${golden}, ${ran}`],
    ['profile', model.profile ? `measured on ${measuredOn(model.profile)}` : 'none'],
    ['interface', accepted ? `${accepted.path}, no breaking changes` : 'none'],
  ];
}
