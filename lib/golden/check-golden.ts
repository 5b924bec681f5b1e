import type { GoldenDifference, GoldenRunOrder } from '../../inference-image/src/contract/golden-run';
import { modelDigest } from '../../inference-image/src/contract/model-manifest';
import { readCache, writeCache } from '../cache';
import type { Problem } from '../errors';
import { imageDecoderFiles } from '../image/server-files';
import { areUnchanged } from '../model/model-files';
import { RUNTIME_VERSION } from '../model/runtime-limits';
import type { Weights } from '../model/weights';
import { goldenErrors } from './errors';
import type { Golden } from './golden-file';
import { runGolden } from './golden-run';

/**
 * Runs the examples in the runtime that the image has, once for each content of model and examples.
 *
 * @param modelPath - as the user gave it, for messages
 */
export function checkReproduced(
  golden: Golden,
  modelPath: string,
  { files }: Weights,
  { signature, image }: Pick<GoldenRunOrder, 'signature' | 'image'>,
): Problem[] {
  const pictures = golden.examples.filter(({ picture }) => picture !== undefined).map(({ name }) => name);
  // Tensors are what they are, whatever becomes of pictures.
  const decoded = pictures.length > 0 ? ` ${JSON.stringify(image)} ${hashesOf(imageDecoderFiles())}` : '';
  const key = `golden-reproduced 3 ${RUNTIME_VERSION} ${modelDigest(files)} ${hashesOf(golden.files)}${decoded}`;
  const { path } = golden;
  const task = { check: golden.files[0].sourcePath };
  let differences = readCache<readonly GoldenDifference[]>(key);
  if (!differences) {
    const report = runGolden({ modelPath: files[0].sourcePath, signature, image, task });
    if ('unavailable' in report) return [goldenErrors.notRun(path, modelPath, report.unavailable)];
    if ('failure' in report) return [goldenErrors.notRun(path, modelPath, report.failure)];
    differences = 'differences' in report ? report.differences : [];
    // What was replaced meanwhile is not what was run.
    if (areUnchanged([...files, ...golden.files])) writeCache(key, differences);
  }
  return differences.map(({ example, what, isRefused }) =>
    isRefused
      ? goldenErrors.refused(path, example, what)
      : goldenErrors.drift(path, modelPath, example, what, pictures.includes(example)),
  );
}

function hashesOf(files: readonly { readonly sha256: string }[]): string {
  return files.map(({ sha256 }) => sha256).join(' ');
}
