import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { GoldenOrder, GoldenReport } from '../../inference-image/src/contract/golden-messages';
import { ModelServingError } from '../base/errors';
import { bundleErrors } from '../base/server-files';
import { packageRoot } from '../base/package-root';
import { reportOf } from '../base/runtime-process';

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
