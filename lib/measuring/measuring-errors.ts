import { loadText, MAX_LOAD } from '../profile/describe-profile';
import type { Problem } from '../base/errors';

/** Errors that occur while a model is measured; `path` is the model file as the user gave it. */
export const measuringErrors = {
  dimensionOfBatch: (path: string, option: string, name: string): Problem => ({
    code: 'dimension-of-batch',
    message: `${path}: ${option} ${name}: this dimension counts rows, and many batch sizes are measured anyway. Set the largest batch with --max-batch.`,
  }),

  dimensionTwice: (path: string, name: string): Problem => ({
    code: 'dimension-twice',
    message: `${path}: both --dimension and --at set the size of ${name}. Remove the option --dimension for ${name}.`,
  }),

  sizeRefused: (path: string, used: number | undefined): Problem => ({
    code: 'size-refused',
    message: `${path}: the model does not run on generated inputs of this size, but it does run at ${used}. Remove this size from --at.`,
  }),

  /** Adds the size to a problem that occurred at one of several sizes. */
  atSize: (name: string, size: number, { code, message }: Problem): Problem => ({
    code,
    message: `--at ${name}=${size}: ${message}`,
  }),

  machineBusy: (path: string, load: number): Problem => ({
    code: 'machine-busy',
    message: `${path}: other processes use ${loadText(load)} of this machine's CPU time; above ${loadText(MAX_LOAD)}, measurements are unreliable. Stop them and measure again, or use --force to measure anyway; the profile records the load.`,
  }),

  inputsRefused: (path: string, reason: string, hasExample: boolean): Problem => ({
    code: 'trial-inputs-refused',
    message: `${path}: the model does not run on ${
      hasExample ? 'the first golden example or on generated inputs of its shapes' : 'generated inputs'
    }: ${reason}. ${
      hasExample
        ? 'Use --golden to pass an example that the model runs on.'
        : 'Use --golden to pass real inputs as an example, or --dimension NAME=SIZE to set the sizes that the model needs.'
    }`,
  }),

  trialEnded: (path: string, activity: string, how: string, lastLines: readonly string[]): Problem => ({
    code: 'trial-process-ended',
    message: `${path}: the process that measures the model terminated with ${how} ${activity}${quoted(lastLines)}If memory ran out, lower --max-batch or measure on a larger machine.`,
  }),

  serverNotReady: (path: string, lastLines: readonly string[]): Problem => ({
    code: 'server-not-ready',
    message: `${path}: the server did not become ready${quoted(lastLines)}Fix the problem that the log reports; "model-serving serve ${path}" shows the whole log.`,
  }),

  requestRefused: (path: string, what: string, lastLines: readonly string[]): Problem => ({
    code: 'trial-request-refused',
    message: `${path}: the server ${what} when it received a request of one row${quoted(lastLines)}Use --golden to pass an example that the model runs on; if memory ran out, measure on a larger machine.`,
  }),
};

/** Ends a sentence: with the last lines of a log, each on its own indented line, or with a period if there are none. */
function quoted(lines: readonly string[]): string {
  return lines.length > 0 ? `; the last lines of its log:\n${lines.map((line) => `  ${line}`).join('\n')}\n` : '. ';
}
