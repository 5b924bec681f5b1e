import { Command } from 'commander';
import { pathBeside } from '../committed-file';
import { ModelServingError } from '../errors';
import { isAcceptedAsDeclared, refusedDifferences } from '../interface/check-interface';
import { compareInterfaces } from '../interface/compare-interfaces';
import { breaking, type Difference } from '../interface/difference';
import { interfaceErrors, oldNameText } from '../interface/errors';
import { locateInterface, readInterface, writeInterface } from '../interface/interface-file';
import { interfaceOf } from '../interface/model-interface';
import { isThere } from '../model/model-files';
import type { OnnxModel } from '../model/onnx-model';
import { oldNameErrors } from '../old-names';
import { shellWord } from '../shell-word';
import { addCalledModelOptions, type CalledModelOptions, readModel, refuseOldOption } from './model-options';
import { checkOutput } from './output';
import { print, printNote } from './print';

interface InterfaceOptions extends CalledModelOptions {
  interface?: string;
  breaking?: boolean;
}

export function interfaceCommand(): Command {
  return new Command('interface')
    .description("Keep what a model's clients depend on, so that a breaking change fails the plan.")
    .addCommand(acceptCommand())
    .addCommand(diffCommand());
}

/** `model-serving contract`, which says what its name is now. */
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
  command.option('--interface <file>', 'the accepted interface (default: digits.interface.json beside digits.onnx)');
  return refuseOldOption(command, '--contract [file]', '--interface');
}

function acceptCommand(): Command {
  return addInterfaceOption(addCalledModelOptions(new Command('accept')))
    .description("Write the model's interface as accepted; commit the file.")
    .option('--breaking', 'accept also what breaks clients, without a new major version')
    .action((path: string, options: InterfaceOptions) => {
      const out = options.interface ?? pathBeside(path, 'interface');
      checkOutput({ option: '--interface', path: out, inputs: [path, options.preprocessing] });
      const { model, is, found, accepted, differences, isUntrue } = compared(path, options);
      if (found?.rename !== undefined) throw new ModelServingError([interfaceErrors.oldName(found.path, found.rename)]);
      if (accepted && !options.breaking && !isUntrue) {
        const refused = refusedDifferences(accepted, model.version, differences);
        ModelServingError.throwIfAny(refused.map((each) => interfaceErrors.broken(out, path, accepted, is, each)));
      }
      writeInterface(out, is, model.version);
      printDifferences(differences);
      print(`${out}: version "${model.version}" of "${model.name}" is accepted.`);
    });
}

function diffCommand(): Command {
  return addInterfaceOption(addCalledModelOptions(new Command('diff')))
    .description(
      'Show in what the interface differs from the accepted one; the exit code is 1 where clients would break.',
    )
    .action((path: string, options: InterfaceOptions) => {
      const { found, accepted, differences, isUntrue } = compared(path, options);
      const file = found?.path ?? options.interface ?? pathBeside(path, 'interface');
      if (found?.rename !== undefined) printNote(`warning: ${oldNameText(found.path, found.rename)}`);
      printDifferences(differences);
      if (isUntrue) print(`${file}: it has shapes that the model declares and does not give.`);
      if (!accepted) print(`${file}: no interface is accepted yet.`);
      else if (differences.length === 0) print(`${file}: the interface is the accepted one.`);
      if (breaking(differences).length > 0 && !isUntrue) process.exitCode = 1;
    });
}

function compared(path: string, options: InterfaceOptions) {
  const { interface: given } = options;
  const model: OnnxModel = readModel(path, { ...options, interface: false, profile: false });
  const isNew = given !== undefined && !isThere(given);
  const found = isNew ? undefined : locateInterface(path, given);
  const accepted = found && readInterface(found.path, path);
  const is = interfaceOf(model);
  const differences = accepted ? compareInterfaces(accepted, is) : [];
  const isUntrue =
    accepted !== undefined &&
    breaking(differences).length > 0 &&
    isAcceptedAsDeclared(accepted, is, model.declaredSignature);
  return { model, is, found, accepted, differences, isUntrue };
}

function printDifferences(differences: readonly Difference[]): void {
  for (const { what, harm } of differences) print(harm === undefined ? `  ${what}` : `! ${what}: ${harm}`);
}
