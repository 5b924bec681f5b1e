import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { GoldenRunOrder, GoldenRunReport } from '../../inference-image/src/contract/golden-run';
import { ModelServingError } from '../errors';
import { imageErrors } from '../container-image/errors';
import { packageRoot } from '../package-root';
import { reportOf } from '../runtime-process';

/** The server's own code, as a program that runs examples instead of serving. */
const PROGRAM = join(packageRoot, 'dist', 'inference-image', 'golden-run.cjs');

/**
 * Runs a model on golden examples in a process of its own.
 * @throws ModelServingError `server-bundle-missing`
 */
export function runGolden(order: GoldenRunOrder): GoldenRunReport {
  if (!existsSync(PROGRAM)) throw new ModelServingError([imageErrors.bundleMissing(PROGRAM)]);
  return reportOf<GoldenRunReport>('runs them', [PROGRAM], JSON.stringify(order));
}
