import { copyFileSync, existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathBeside } from '../committed-file';
import { ModelServingError } from '../errors';
import { fileSha256 } from '../file-hash';
import { checkReproduced } from '../golden/check-golden';
import { readGoldenFile, type Golden } from '../golden/golden-file';
import { makeFolder } from '../make-folder';
import { readText } from '../model/model-files';
import type { OnnxModel } from '../model/onnx-model';
import { readWeights } from '../model/weights';
import { replaceFile } from '../replace-file';
import { rebatchErrors } from './errors';

/** Where golden examples were copied to and how many, or why they were not. */
export type CarriedGolden = { readonly path: string; readonly count: number } | { readonly reasons: readonly string[] };

/**
 * Reads golden examples, and refuses to write over files that those carried over would have.
 *
 * @param golden - path of the examples of the model of one row
 * @param out - path of the model of free rows
 * @param force - whether to write over what is there
 * @throws ModelServingError `rebatch-exists`, and what `readGoldenFile` throws
 */
export function checkGoldenTarget(golden: string, out: string, force: boolean): void {
  const { files } = readGoldenFile(golden);
  if (force) return;
  const taken = targetsOf(golden, out, files).find(
    ({ source, target }) => existsSync(target) && fileSha256(target).sha256 !== fileSha256(source).sha256,
  );
  if (taken) throw new ModelServingError([rebatchErrors.exists(taken.target)]);
}

/** Copies golden examples beside the model of free rows, if it reproduces them. */
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

/** The JSON file gets the new model's name; the files that it names keep theirs. */
function targetsOf(golden: string, out: string, [, ...others]: Golden['files']) {
  const beside = others.map(({ path, sourcePath }) => ({ source: sourcePath, target: join(dirname(out), path) }));
  return [{ source: golden, target: pathBeside(out, 'golden') }, ...beside];
}
