import { existsSync, readFileSync } from 'node:fs';
import { basename, join, parse } from 'node:path';
import { readCache, writeCache } from '../cache';
import { ModelServingError, type Problem } from '../errors';
import { readingFile, sourceFile } from '../model/model-files';
import { replaceFile } from '../replace-file';
import { contractErrors } from './errors';
import type { InterfaceContract, ModelInterface } from './model-interface';

/** Where a model's contract is unless another place is named: `digits.onnx` has `digits.contract.json`. */
export function defaultContractPath(modelPath: string): string {
  const { dir, name } = parse(modelPath);
  return join(dir, `${name}.contract.json`);
}

/**
 * Reads a model's contract and checks its form.
 *
 * @param path - of the contract
 * @throws ModelServingError `contract-not-json`, `contract-invalid`, and what `sourceFile` throws
 */
export function readContract(path: string, modelPath: string): InterfaceContract {
  const { sha256 } = sourceFile(basename(path), path);
  const text = readingFile(path, () => readFileSync(path, 'utf8'));
  const content = parseJson(path, modelPath, text);

  const key = `contract-form 1 ${sha256}`;
  if (!readCache<true>(key)) {
    ModelServingError.throwIfAny(checkForm(path, modelPath, content));
    writeCache(key, true);
  }
  return content as InterfaceContract;
}

/** The contract at a path, or that beside the model where none is named; undefined where there is none. */
export function findContract(
  modelPath: string,
  given: string | false | undefined,
): { path: string; contract: InterfaceContract } | undefined {
  const path = given ?? defaultContractPath(modelPath);
  if (path === false || (given === undefined && !existsSync(path))) return undefined;
  return { path, contract: readContract(path, modelPath) };
}

/** Writes the interface of a model as accepted; the same interface and version give the same bytes. */
export function writeContract(path: string, { name, inputs, outputs }: ModelInterface, version: string): void {
  const contract: InterfaceContract = { contractVersion: 1, name, version, inputs, outputs };
  replaceFile(path, `${JSON.stringify(contract, undefined, 2)}\n`);
}

function parseJson(path: string, modelPath: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ModelServingError([contractErrors.notJson(path, modelPath, (error as SyntaxError).message)]);
  }
}

function checkForm(path: string, modelPath: string, content: unknown): Problem[] {
  // Loaded only for contracts not seen before: zod takes longer to load than a warm synth of a model takes.
  const { contractSchema } = require('./contract-schema') as typeof import('./contract-schema');
  const { error } = contractSchema.safeParse(content);
  return (error?.issues ?? []).map((issue) =>
    contractErrors.invalid(path, modelPath, issue.path.join('.') || 'the file', issue.message),
  );
}
