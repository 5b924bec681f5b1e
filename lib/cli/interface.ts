import { Command } from 'commander';
import { pathBeside } from '../base/committed-file';
import { ModelServingError } from '../base/errors';
import { isAcceptedAsDeclared, refusedDifferences } from '../interface/check-interface';
import { breaking, compareInterfaces, type Difference } from '../interface/compare-interfaces';
import { interfaceErrors, oldNameText } from '../interface/errors';
import { locateInterface, readInterface, writeInterface } from '../interface/interface-file';
import { interfaceOf } from '../interface/model-interface';
import { isThere } from '../base/source-file';
import type { OnnxModel } from '../onnx-model/onnx-model';
import { oldNameErrors } from '../base/old-names';
import { shellWord } from '../base/text';
import { addClientModelOptions, type ClientModelOptions, readModel, refuseOldOption } from './model-options';
import { checkOutput, print, printNote } from './output';

interface InterfaceOptions extends ClientModelOptions {
  interface?: string;
  breaking?: boolean;
}

export function interfaceCommand(): Command {
  return new Command('interface')
    .description("Record what a model's clients depend on, so that the plan fails if a change breaks them.")
    .addCommand(acceptCommand())
    .addCommand(diffCommand());
}

/** The command `model-serving contract`, which was renamed. It fails with an error that contains the new command. */
export function oldInterfaceCommand(): Command {
  return new Command('contract')
    .argument('[args...]')
    .allowUnknownOption()
    .helpOption(false)
    .action((args: string[]) => {
      const words = args.map((arg) => shellWord(arg.replace(/^--contract(?==|$)/, '--interface')));
      throw new ModelServingError([oldNameErrors.command('contract', 'interface', words)]);
    });
}

function addInterfaceOption(command: Command): Command {
  command.option('--interface <file>', 'accepted interface (default: MODEL.interface.json beside MODEL.onnx)');
  return refuseOldOption(command, '--contract [file]', '--interface');
}

function acceptCommand(): Command {
  return addInterfaceOption(addClientModelOptions(new Command('accept')))
    .description("Accept the model's current interface by writing it to a file. Commit that file.")
    .option('--breaking', 'accept changes that break clients even if the major version is the same')
    .action((path: string, options: InterfaceOptions) => {
      const out = options.interface ?? pathBeside(path, 'interface');
      checkOutput({ option: '--interface', path: out, inputs: [path, options.preprocessing] });
      const { model, current, found, accepted, differences, isUntrue } = compareWithAccepted(path, options);
      if (found?.rename !== undefined) throw new ModelServingError([interfaceErrors.oldName(found.path, found.rename)]);
      if (accepted && !options.breaking && !isUntrue) {
        const refused = refusedDifferences(accepted, model.version, differences);
        ModelServingError.throwIfAny(refused.map((each) => interfaceErrors.broken(out, path, accepted, current, each)));
      }
      writeInterface(out, current, model.version);
      printDifferences(differences);
      print(`${out}: version "${model.version}" of "${model.name}" is accepted.`);
    });
}

function diffCommand(): Command {
  return addInterfaceOption(addClientModelOptions(new Command('diff')))
    .description(
      'Show how the model differs from its accepted interface. The exit code is 1 if a difference breaks clients.',
    )
    .action((path: string, options: InterfaceOptions) => {
      const { found, accepted, differences, isUntrue } = compareWithAccepted(path, options);
      const file = found?.path ?? options.interface ?? pathBeside(path, 'interface');
      if (found?.rename !== undefined) printNote(`warning: ${oldNameText(found.path, found.rename)}`);
      printDifferences(differences);
      if (isUntrue) print(`${file}: contains shapes that the model declares wrongly.`);
      if (!accepted) print(`${file}: no interface is accepted yet.`);
      else if (differences.length === 0) print(`${file}: no differences.`);
      if (breaking(differences).length > 0 && !isUntrue) process.exitCode = 1;
    });
}

function compareWithAccepted(path: string, options: InterfaceOptions) {
  const { interface: given } = options;
  const model: OnnxModel = readModel(path, { ...options, interface: false, profile: false });
  const isNew = given !== undefined && !isThere(given);
  const found = isNew ? undefined : locateInterface(path, given);
  const accepted = found && readInterface(found.path, path);
  const current = interfaceOf(model);
  const differences = accepted ? compareInterfaces(accepted, current) : [];
  const isUntrue =
    accepted !== undefined &&
    breaking(differences).length > 0 &&
    isAcceptedAsDeclared(accepted, current, model.declaredSignature);
  return { model, current, found, accepted, differences, isUntrue };
}

function printDifferences(differences: readonly Difference[]): void {
  for (const { change, effect } of differences) print(effect === undefined ? `  ${change}` : `! ${change}: ${effect}`);
}
