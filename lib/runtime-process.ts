import { spawnSync } from 'node:child_process';
import { REPORT_PREFIX } from '../inference-image/src/contract/report';
import { RUNTIME_ENVIRONMENT } from '../inference-image/src/contract/runtime-environment';

/** Far more than anything takes that is done at synth: only what hangs takes longer. */
const TIMEOUT_SECONDS = 600;

/** Variables that change what a runtime does. LOCPATH is where the C library finds locales. */
const NOT_IN_IMAGE = /^(?:LANG|LANGUAGE|LC_.*|LOCPATH|ORT_.*)$/i;

/** A process that could not say what it was asked for. */
export type ProcessFailure =
  | { readonly failure: string }
  /** This machine cannot do it. */
  | { readonly unavailable: string };

/** What a process reported, and how it ended. */
export interface ProcessReports {
  readonly lines: readonly unknown[];
  /** Undefined where it ended by itself and well. */
  readonly ending?: ProcessFailure;
  readonly isTimeout: boolean;
}

/**
 * Runs node and waits for its one-line report: onnxruntime's API is not synchronous, a synth is, and a crash in the
 * runtime ends the process.
 *
 * @param task - what the process does, for messages: `loads it`
 */
export function reportOf<R>(task: string, args: readonly string[], input = ''): R | ProcessFailure {
  const { lines, ending, isTimeout } = reportsOf(task, args, input);
  if (lines.length > 0 && !isTimeout) return lines[0] as R;
  return ending ?? { failure: `the process that ${task} ends without a report` };
}

/** The same for a report of several lines: those that came before a crash are kept. */
export function reportsOf(task: string, args: readonly string[], input = ''): ProcessReports {
  const { error, signal, status, stdout } = spawnSync(process.execPath, args, {
    input,
    env: imageEnvironment(),
    stdio: ['pipe', 'pipe', 'ignore'],
    encoding: 'utf8',
    timeout: TIMEOUT_SECONDS * 1000,
    maxBuffer: Infinity,
    windowsHide: true,
  });
  const lines = (stdout ?? '').split('\n').flatMap(reportIn);
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT') {
    const ending = { failure: `the process that ${task} takes more than ${TIMEOUT_SECONDS} s` };
    return { lines, ending, isTimeout: true };
  }
  if (error) return { lines, ending: { unavailable: error.message }, isTimeout: false };
  if (status === 0) return { lines, isTimeout: false };
  const ending = { failure: `the process that ${task} ends with ${signal ?? `exit code ${status}`}` };
  return { lines, ending, isTimeout: false };
}

/**
 * The environment of this process, as far as the image has it: a runtime must do here what it does there. The image sets
 * no locale, and no switch of onnxruntime but RUNTIME_ENVIRONMENT.
 */
function imageEnvironment(): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(
    ([name]) => Object.hasOwn(RUNTIME_ENVIRONMENT, name) || !NOT_IN_IMAGE.test(name),
  );
  return { ...RUNTIME_ENVIRONMENT, ...Object.fromEntries(others) };
}

/** Nothing of a line that the end of the process cut short. */
function reportIn(line: string): unknown[] {
  if (!line.startsWith(REPORT_PREFIX)) return [];
  try {
    return [JSON.parse(line.slice(REPORT_PREFIX.length))];
  } catch {
    return [];
  }
}
