import { spawnSync } from 'node:child_process';
import { REPORT_PREFIX, RUNTIME_ENVIRONMENT } from '../../inference-image/src/contract/node-process';

/** Time limit of a process. It is far longer than any task at synth takes, so that only a hung process reaches it. */
const TIMEOUT_SECONDS = 600;

/** Environment variables that change the behaviour of a runtime. The C library uses LOCPATH to find locales. */
const NOT_IN_IMAGE = /^(?:LANG|LANGUAGE|LC_.*|LOCPATH|ORT_.*)$/i;

/** Reason why a process gave no report. */
export type ProcessFailure =
  | { readonly failure: string }
  /** Reason why the process could not run on this machine. */
  | { readonly unavailable: string };

/** Reports of a process, and how it ended. */
export interface ProcessReports {
  readonly lines: readonly unknown[];
  /** Failure of the process; undefined if it exited with code 0. */
  readonly ending?: ProcessFailure;
  readonly isTimeout: boolean;
}

/**
 * Runs node and waits for its one-line report. A child process is needed because a synth is synchronous, onnxruntime's
 * API is not, and a crash in the runtime kills the process.
 *
 * @param task - what the process does, for messages: `loads it`
 */
export function reportOf<R>(task: string, args: readonly string[], input = ''): R | ProcessFailure {
  const { lines, ending, isTimeout } = reportsOf(task, args, input);
  if (lines.length > 0 && !isTimeout) return lines[0] as R;
  return ending ?? { failure: `the process that ${task} exited without a report` };
}

/** Like `reportOf`, but for several lines. Lines that were written before a crash are kept. */
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
    const ending = { failure: `the process that ${task} took more than ${TIMEOUT_SECONDS} s` };
    return { lines, ending, isTimeout: true };
  }
  if (error) return { lines, ending: { unavailable: error.message }, isTimeout: false };
  if (status === 0) return { lines, isTimeout: false };
  const end = signal ? `was killed by ${signal}` : `exited with code ${status}`;
  const ending = { failure: `the process that ${task} ${end}` };
  return { lines, ending, isTimeout: false };
}

/**
 * Environment for a child process in which the runtime behaves as in the image. It is the environment of this process
 * without the locale and onnxruntime variables that the image does not set. The image sets only the variables in
 * RUNTIME_ENVIRONMENT.
 */
function imageEnvironment(): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(
    ([name]) => Object.hasOwn(RUNTIME_ENVIRONMENT, name) || !NOT_IN_IMAGE.test(name),
  );
  return { ...RUNTIME_ENVIRONMENT, ...Object.fromEntries(others) };
}

/** Parses a report line. Returns nothing for other lines, or if the process exited before it wrote the whole line. */
function reportIn(line: string): unknown[] {
  if (!line.startsWith(REPORT_PREFIX)) return [];
  try {
    return [JSON.parse(line.slice(REPORT_PREFIX.length))];
  } catch {
    return [];
  }
}
