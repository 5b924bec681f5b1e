import { type Command, Option } from 'commander';
import { ModelServingError } from '../base/errors';
import { readCardFile } from '../model/read-card';
import { readPreprocessing } from '../preprocessing/preprocessing-file';
import { OnnxModel } from '../onnx-model/onnx-model';
import type { OnnxModelProps } from '../onnx-model/onnx-model-props';
import { oldNameErrors } from '../base/old-names';
import { printNote } from './output';

/** Options of every command that reads a model. */
export interface ModelOptions {
  name?: string;
  modelVersion?: string;
  runtimeCheck?: OnnxModelProps['runtimeCheck'];
}

/** Options of commands that also need the declaration of pictures and classes, because clients depend on it. */
export interface ClientModelOptions extends ModelOptions {
  preprocessing?: string;
}

/** Options of commands that also need the model card, which the server returns. */
export interface DeclaredModelOptions extends ClientModelOptions {
  card?: string;
}

/** Options of commands that also read the committed files beside the model, as a stack does. */
export interface StackModelOptions extends DeclaredModelOptions {
  golden?: string;
  profile?: string | false;
  interface?: string | false;
}

export function addModelOptions(command: Command): Command {
  return command
    .argument('<model>', 'path of the ONNX file')
    .option('--name <name>', "name of the model (default: the file's name without .onnx)")
    .option('--model-version <version>', 'version of the model (default: 1)')
    .addOption(
      new Option(
        '--runtime-check <mode>',
        'load the model in the runtime first: require success, only warn on failure, or skip the check',
      )
        .choices(['require', 'warn', 'skip'])
        .default('require'),
    );
}

export function addClientModelOptions(command: Command): Command {
  return addModelOptions(command).option(
    '--preprocessing <file>',
    'JSON file with the OnnxModel props picture, classes, classOutput and classScores',
  );
}

export function addDeclaredModelOptions(command: Command): Command {
  return addClientModelOptions(command).option(
    '--card <file>',
    "JSON file with fields of the model's card that override those in the ONNX file",
  );
}

export function addStackModelOptions(command: Command): Command {
  addDeclaredModelOptions(command)
    .option('--golden <file>', 'golden examples that the server must reproduce before it is ready')
    .option('--profile <file>', 'profile of the model (default: MODEL.profile.json beside MODEL.onnx, if it exists)')
    .option('--no-profile', 'ignore the profile beside the model')
    .option('--interface <file>', 'accepted interface (default: MODEL.interface.json beside MODEL.onnx, if it exists)')
    .option('--no-interface', 'ignore the accepted interface beside the model');
  refuseOldOption(command, '--contract [file]', '--interface');
  return refuseOldOption(command, '--no-contract', '--no-interface');
}

/** Refuses an option's old name with an error that states the new name. */
export function refuseOldOption(command: Command, flags: string, name: string): Command {
  const option = new Option(flags).hideHelp();
  return command.addOption(option).on(`option:${option.name()}`, () => {
    throw new ModelServingError([oldNameErrors.option(`--${option.name()}`, name)]);
  });
}

/** Reads the model and prints its warnings to standard error. */
export function readModel(path: string, options: StackModelOptions): OnnxModel {
  const { name, modelVersion: version, golden, profile, runtimeCheck } = options;
  const card = options.card === undefined ? undefined : readCardFile(options.card);
  const declared = options.preprocessing === undefined ? undefined : readPreprocessing(options.preprocessing);
  for (const warning of declared?.warnings ?? []) printNote(`warning: ${warning}`);
  const props = {
    ...declared?.preprocessing,
    name,
    version,
    golden,
    profile,
    interface: options.interface,
    card,
    runtimeCheck,
  };
  const model = OnnxModel.fromFile(path, props);
  for (const warning of model.warnings) printNote(`warning: ${warning}`);
  return model;
}
