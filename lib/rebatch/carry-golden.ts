import type { Golden } from '../golden/errors';
import { copyFileSync, existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathBeside } from '../base/committed-file';
import { ModelServingError } from '../base/errors';
import { fileSha256 } from '../base/file-hash';
import { checkReproduced } from '../golden/check-golden';
import { readGoldenFile } from '../golden/golden-file';
import { makeFolder, replaceFile } from '../base/write-file';
import { readText } from '../base/source-file';
import type { OnnxModel } from '../onnx-model/onnx-model';
import { readWeights } from '../model/weights';
import { rebatchErrors } from './rebatch';

/** Path and number of the copied golden examples, or the reasons why they were not copied. */
export type CarriedGolden = { readonly path: string; readonly count: number } | { readonly reasons: readonly string[] };

/**
 * Reads golden examples, and checks that copying them would not overwrite files.
 *
 * @param golden - path of the examples of the model for one row
 * @param out - path of the model with free rows
 * @param force - whether to overwrite existing files
 * @throws ModelServingError `rebatch-exists`, and the errors of `readGoldenFile`
 */
export function checkGoldenTarget(golden: string, out: string, force: boolean): void {
  const { files } = readGoldenFile(golden);
  if (force) return;
  const taken = targetsOf(golden, out, files).find(
    ({ source, target }) => existsSync(target) && fileSha256(target).sha256 !== fileSha256(source).sha256,
  );
  if (taken) throw new ModelServingError([rebatchErrors.exists(taken.target)]);
}

/** Copies golden examples to the folder of the model with free rows, if that model reproduces them. */
export function carryGolden(model: OnnxModel, golden: string, out: string): CarriedGolden {
  const read = readGoldenFile(golden);
  const { declaredSignature: signature, picture } = model;
  const problems = checkReproduced(read, out, readWeights(out), { signature, picture });
  if (problems.length > 0) return { reasons: problems.map(({ message }) => message) };
  const path = pathBeside(out, 'golden');
  for (const { source, target } of targetsOf(golden, out, read.files)) {
    if (existsSync(target) && realpathSync(target) === realpathSync(source)) continue;
    makeFolder(dirname(target));
    if (target === path) replaceFile(path, readText(source));
    else copyFileSync(source, target);
  }
  return { path, count: read.examples.length };
}

/**
 * Lists the files to copy and their targets. The JSON file is renamed after the new model; the files that it refers to
 * keep their names.
 */
function targetsOf(golden: string, out: string, [, ...others]: Golden['files']) {
  const beside = others.map(({ path, sourcePath }) => ({ source: sourcePath, target: join(dirname(out), path) }));
  return [{ source: golden, target: pathBeside(out, 'golden') }, ...beside];
}
