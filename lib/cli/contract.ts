import { Command } from 'commander';
import { pathBeside } from '../committed-file';
import { ModelServingError } from '../errors';
import { isAcceptedAsDeclared, refusedDifferences } from '../interface-contract/check-contract';
import { compareInterfaces } from '../interface-contract/compare-interfaces';
import { readContract, writeContract } from '../interface-contract/contract-file';
import { breaking, type Difference } from '../interface-contract/difference';
import { contractErrors } from '../interface-contract/errors';
import { isThere } from '../model/model-files';
import type { OnnxModel } from '../model/onnx-model';
import { interfaceOf } from '../interface-contract/model-interface';
import { addCalledModelOptions, type CalledModelOptions, readModel } from './model-options';
import { checkOutput } from './output';
import { print } from './print';

interface ContractOptions extends CalledModelOptions {
  contract?: string;
  breaking?: boolean;
}

const CONTRACT_OPTION = [
  '--contract <file>',
  'the contract (default: digits.contract.json beside digits.onnx)',
] as const;

export function contractCommand(): Command {
  return new Command('contract')
    .description("Keep what a model's clients depend on, so that a breaking change fails the plan.")
    .addCommand(acceptCommand())
    .addCommand(diffCommand());
}

function acceptCommand(): Command {
  return addCalledModelOptions(new Command('accept'))
    .option(...CONTRACT_OPTION)
    .description("Write the model's interface as accepted; commit the file.")
    .option('--breaking', 'accept also what breaks clients, without a new major version')
    .action((path: string, options: ContractOptions) => {
      const contractPath = contractPathOf(path, options);
      checkOutput({ option: '--contract', path: contractPath, inputs: [path, options.preprocessing] });
      const { model, is, contract, differences, isUntrue } = compared(path, contractPath, options);
      if (contract && !options.breaking && !isUntrue) {
        const refused = refusedDifferences(contract, model.version, differences);
        ModelServingError.throwIfAny(
          refused.map((each) => contractErrors.broken(contractPath, path, contract, is, each)),
        );
      }
      writeContract(contractPath, is, model.version);
      printDifferences(differences);
      print(`${contractPath}: version "${model.version}" of "${model.name}" is accepted.`);
    });
}

function diffCommand(): Command {
  return addCalledModelOptions(new Command('diff'))
    .option(...CONTRACT_OPTION)
    .description(
      'Show in what the interface differs from the accepted one; the exit code is 1 where clients would break.',
    )
    .action((path: string, options: ContractOptions) => {
      const contractPath = contractPathOf(path, options);
      const { contract, differences, isUntrue } = compared(path, contractPath, options);
      printDifferences(differences);
      if (isUntrue) print(`${contractPath}: it has shapes that the model declares and does not give.`);
      if (!contract) print(`${contractPath}: there is no contract yet.`);
      else if (differences.length === 0) print(`${contractPath}: the interface is the accepted one.`);
      if (breaking(differences).length > 0 && !isUntrue) process.exitCode = 1;
    });
}

function contractPathOf(modelPath: string, { contract = pathBeside(modelPath, 'contract') }: ContractOptions): string {
  return contract;
}

function compared(path: string, contractPath: string, options: ContractOptions) {
  const model: OnnxModel = readModel(path, { ...options, contract: false, profile: false });
  const contract = isThere(contractPath) ? readContract(contractPath, path) : undefined;
  const is = interfaceOf(model);
  const differences = contract ? compareInterfaces(contract, is) : [];
  const isUntrue =
    contract !== undefined &&
    breaking(differences).length > 0 &&
    isAcceptedAsDeclared(contract, is, model.declaredSignature);
  return { model, is, contract, differences, isUntrue };
}

function printDifferences(differences: readonly Difference[]): void {
  for (const { what, harm } of differences) print(harm === undefined ? `  ${what}` : `! ${what}: ${harm}`);
}
