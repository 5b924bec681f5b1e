import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../../support/root';

const SCRIPTS = join(ROOT, 'examples/convert');

/** Python interpreters in which each framework is installed, as `run` found them. */
export const PYTHONS = {
  scikit_learn: process.env.SCIKIT_LEARN_PYTHON,
  xgboost_model: process.env.XGBOOST_PYTHON,
  pytorch: process.env.TORCH_PYTHON,
};

/** Name of a script, which stands for its framework. */
export type Script = keyof typeof PYTHONS;

/** Describes tests that need a framework, or skips them with the reason. */
export function describeWith(script: Script, what: string, body: () => void): void {
  if (PYTHONS[script] !== undefined) describe(what, body);
  else if (script === 'pytorch') {
    describe.skip(`${what} (skipped: python3 has no torch and scikit-learn; set TORCH_PYTHON or TORCH=install)`, body);
  } else describe.skip(`${what} (skipped: run test/system/convert/run, which sets the path of Python)`, body);
}

/** Runs a framework's script from `folder`. The script writes its files to `out`. */
export function runScript(script: Script, folder: string, out: string): string {
  const env = { ...process.env, PYTHONPATH: SCRIPTS, PYTHONDONTWRITEBYTECODE: '1', OMP_NUM_THREADS: '1' };
  return execFileSync(PYTHONS[script]!, [join(folder, `${script}.py`), out], { env, encoding: 'utf8' });
}

/** Runs the example of a framework. */
export function runExample(script: Script, out: string): string {
  return runScript(script, SCRIPTS, out);
}

/**
 * Whether PyTorch has the current exporter, not only the exporter of PyTorch 1.13. True if PyTorch is not installed.
 */
export function hasNewExporter(): boolean {
  const program = 'import sys, torch; sys.exit(0 if hasattr(torch, "export") else 1)';
  return PYTHONS.pytorch === undefined || spawnSync(PYTHONS.pytorch, ['-c', program]).status === 0;
}
