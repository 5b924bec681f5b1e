import { type Command, Option } from 'commander';
import { readPreprocessing } from '../preprocessing/preprocessing-file';
import { OnnxModel, type OnnxModelProps } from '../model/onnx-model';

/** What every command needs to know of its model. */
export interface ModelOptions {
  name?: string;
  modelVersion?: string;
  runtimeCheck?: OnnxModelProps['runtimeCheck'];
}

/** The same, of a model as a stack reads it: with what is committed beside it. */
export interface StackModelOptions extends ModelOptions {
  golden?: string;
  profile?: string | false;
  contract?: string | false;
  preprocessing?: string;
}

export function addModelOptions(command: Command): Command {
  return command
    .argument('<model>', 'the ONNX file')
    .option('--name <name>', "the model's name (default: the file's name without .onnx)")
    .option('--model-version <version>', "the model's version (default: 1)")
    .addOption(
      new Option('--runtime-check <mode>', 'whether to load the model in the runtime first')
        .choices(['require', 'warn', 'skip'])
        .default('require'),
    );
}

export function addStackModelOptions(command: Command): Command {
  return addModelOptions(command)
    .option('--golden <file>', 'golden examples that the container must reproduce before it is ready')
    .option('--preprocessing <file>', 'JSON of image, classes, classOutput and classScores, as OnnxModel takes them')
    .option('--profile <file>', 'what was measured of the model (default: the profile beside it, if it is there)')
    .option('--no-profile', 'pass over a profile beside the model')
    .option('--contract <file>', 'the interface that is accepted (default: the contract beside it, if it is there)')
    .option('--no-contract', 'pass over a contract beside the model');
}

/** Reads the model, and says on standard error what is odd about it. */
export function readModel(path: string, options: StackModelOptions): OnnxModel {
  const { name, modelVersion: version, golden, profile, contract, runtimeCheck } = options;
  const declared = options.preprocessing === undefined ? {} : readPreprocessing(options.preprocessing);
  const model = OnnxModel.fromFile(path, { ...declared, name, version, golden, profile, contract, runtimeCheck });
  for (const warning of model.warnings) console.error(`warning: ${warning}`);
  return model;
}
