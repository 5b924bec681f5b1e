import { type Command, Option } from 'commander';
import { ModelServingError } from '../errors';
import { readCardFile } from '../model/card-file';
import { readPreprocessing } from '../preprocessing/preprocessing-file';
import { OnnxModel, type OnnxModelProps } from '../model/onnx-model';
import { oldNameErrors } from '../old-names';
import { printNote } from './print';

/** What every command needs to know of its model. */
export interface ModelOptions {
  name?: string;
  modelVersion?: string;
  runtimeCheck?: OnnxModelProps['runtimeCheck'];
}

/** The same, of a model as its clients see it. */
export interface CalledModelOptions extends ModelOptions {
  preprocessing?: string;
}

/** The same, of a model as its server tells of it: with what a stack says beside the file. */
export interface DeclaredModelOptions extends CalledModelOptions {
  card?: string;
}

/** The same, of a model as a stack reads it: with what is committed beside it. */
export interface StackModelOptions extends DeclaredModelOptions {
  golden?: string;
  profile?: string | false;
  interface?: string | false;
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

export function addCalledModelOptions(command: Command): Command {
  return addModelOptions(command).option(
    '--preprocessing <file>',
    'JSON of picture, classes, classOutput and classScores, as OnnxModel takes them',
  );
}

export function addDeclaredModelOptions(command: Command): Command {
  return addCalledModelOptions(command).option(
    '--card <file>',
    "JSON of the model's card, over what the model says of itself",
  );
}

export function addStackModelOptions(command: Command): Command {
  addDeclaredModelOptions(command)
    .option('--golden <file>', 'golden examples that the container must reproduce before it is ready')
    .option('--profile <file>', 'what was measured of the model (default: the profile beside it, if it is there)')
    .option('--no-profile', 'pass over a profile beside the model')
    .option('--interface <file>', 'the interface that is accepted (default: that beside it, if it is there)')
    .option('--no-interface', 'pass over an accepted interface beside the model');
  refuseOldOption(command, '--contract [file]', '--interface');
  return refuseOldOption(command, '--no-contract', '--no-interface');
}

/** Ends a command that is given an option by its old name, with an error that says the new one. */
export function refuseOldOption(command: Command, flags: string, name: string): Command {
  const option = new Option(flags).hideHelp();
  return command.addOption(option).on(`option:${option.name()}`, () => {
    throw new ModelServingError([oldNameErrors.option(`--${option.name()}`, name)]);
  });
}

/** Reads the model, and says on standard error what is odd about it. */
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
