import { spawnSync } from 'node:child_process';
import { REPORT_PREFIX } from '../inference-image/src/contract/report';
import { RUNTIME_ENVIRONMENT } from '../inference-image/src/contract/runtime-environment';

/** Far more than anything takes that is done at synth: only what hangs takes longer. */
const TIMEOUT_SECONDS = 600;

/** A process that could not say what it was asked for. */
export type ProcessFailure =
  | { readonly failure: string }
  /** This machine cannot do it. */
  | { readonly unavailable: string };

/**
 * Runs node and waits for its one-line report: onnxruntime's API is not synchronous, a synth is, and a crash in the
 * runtime ends the process.
 *
 * @param task - what the process does, for messages: `loads it`
 */
export function reportOf<R>(task: string, args: readonly string[], input = ''): R | ProcessFailure {
  const { error, signal, status, stdout } = spawnSync(process.execPath, args, {
    input,
    env: { ...RUNTIME_ENVIRONMENT, ...process.env },
    stdio: ['pipe', 'pipe', 'ignore'],
    encoding: 'utf8',
    timeout: TIMEOUT_SECONDS * 1000,
    maxBuffer: Infinity,
    windowsHide: true,
  });
  const line = stdout?.split('\n').find((text) => text.startsWith(REPORT_PREFIX));
  if (isTimeout(error)) return { failure: `the process that ${task} takes more than ${TIMEOUT_SECONDS} s` };
  if (line) return JSON.parse(line.slice(REPORT_PREFIX.length)) as R;
  if (error) return { unavailable: error.message };
  return { failure: `the process that ${task} ends with ${signal ?? `exit code ${status}`}` };
}

function isTimeout(error: NodeJS.ErrnoException | undefined): boolean {
  return error?.code === 'ETIMEDOUT';
}
