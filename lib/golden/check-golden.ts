import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { GoldenOrder, GoldenReport } from '../../inference-image/src/contract/golden';
import { modelDigest } from '../../inference-image/src/contract/model-manifest';
import { readCache, writeCache } from '../base/cache';
import { ModelServingError, type Problem } from '../base/errors';
import { packageRoot } from '../base/package-root';
import { reportOf } from '../base/runtime-process';
import { bundleErrors, pictureDecoderFiles } from '../base/server-files';
import { areUnchanged } from '../base/source-file';
import { RUNTIME_VERSION } from '../model/runtime-limits';
import type { Weights } from '../model/weights';
import { goldenErrors, type Golden } from './errors';

/**
 * Runs the examples with the image's version of the runtime. Success is cached by the contents of the model and the
 * examples.
 *
 * @param modelPath - path as the user gave it; used in messages
 */
export function checkReproduced(
  golden: Golden,
  modelPath: string,
  weights: Weights,
  { signature, picture }: Pick<GoldenOrder, 'signature' | 'picture'>,
): Problem[] {
  const { files } = weights;
  const pictures = picturesOf(golden);
  const key = `golden-reproduced 3 ${contentOf(golden, weights, picture)}`;
  if (readCache<true>(key)) return [];

  const { path } = golden;
  const task = { check: golden.files[0].sourcePath };
  const report = runGolden({ modelPath: files[0].sourcePath, signature, picture, task });
  if ('unavailable' in report) return [goldenErrors.notRun(path, modelPath, report.unavailable)];
  if ('failure' in report) return [goldenErrors.notRun(path, modelPath, report.failure)];
  const differences = 'differences' in report ? report.differences : [];
  // If a file was replaced during the run, the result may be that of a different file.
  if (differences.length === 0 && areUnchanged([...files, ...golden.files])) writeCache(key, true);
  return differences.map(({ example, what, isRefused }) =>
    isRefused
      ? goldenErrors.refused(path, example, what)
      : goldenErrors.drift(golden, modelPath, example, what, pictures.includes(example)),
  );
}

/** Whether the model reproduces all examples. Both results are cached. */
export function isReproduced(
  golden: Golden,
  modelPath: string,
  weights: Weights,
  model: Pick<GoldenOrder, 'signature' | 'picture'>,
): boolean {
  const key = `golden-shapes-reproduced 2 ${contentOf(golden, weights, model.picture)}`;
  const known = readCache<boolean>(key);
  if (known !== undefined) return known;
  const problems = checkReproduced(golden, modelPath, weights, model);
  const wasRun = !problems.some(({ code }) => code === 'golden-not-run');
  if (wasRun && areUnchanged([...weights.files, ...golden.files])) writeCache(key, problems.length === 0);
  return problems.length === 0;
}

/** Part of a cache key: everything that the answers depend on. */
function contentOf(golden: Golden, { files }: Weights, picture: GoldenOrder['picture']): string {
  // The decoder and its options matter only for pictures.
  const decoded = picturesOf(golden).length > 0 ? ` ${JSON.stringify(picture)} ${hashesOf(pictureDecoderFiles())}` : '';
  return `${RUNTIME_VERSION} ${modelDigest(files)} ${hashesOf(golden.files)}${decoded}`;
}

/** Names of examples whose request is a picture. */
function picturesOf({ examples }: Golden): string[] {
  return examples.filter(({ picture }) => picture !== undefined).map(({ name }) => name);
}

function hashesOf(files: readonly { readonly sha256: string }[]): string {
  return files.map(({ sha256 }) => sha256).join(' ');
}

/** Program that runs examples with the server's code. */
const PROGRAM = join(packageRoot, 'dist', 'inference-image', 'golden-program.cjs');

/**
 * Runs a model on golden examples in a separate process.
 * @throws ModelServingError `server-bundle-missing`
 */
export function runGolden(order: GoldenOrder): GoldenReport {
  if (!existsSync(PROGRAM)) throw new ModelServingError([bundleErrors.bundleMissing(PROGRAM)]);
  return reportOf<GoldenReport>('runs the examples', [PROGRAM], JSON.stringify(order));
}
