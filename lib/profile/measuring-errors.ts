import type { Problem } from '../errors';
import { loadText, MAX_LOAD } from './machine-load';

/** Errors of measuring a model; `path` is the model file as the user gave it. */
export const measuringErrors = {
  dimensionUnknown: (path: string, option: string, name: string, names: readonly string[]): Problem => ({
    code: 'dimension-unknown',
    message: `${path}: ${option} ${name}: no input has a free dimension of this name. ${
      names.length > 0 ? `Use one of ${names.map((each) => `"${each}"`).join(', ')}.` : `Remove ${option}.`
    }`,
  }),

  dimensionOfBatch: (path: string, option: string, name: string): Problem => ({
    code: 'dimension-of-batch',
    message: `${path}: ${option} ${name}: this dimension counts rows, and batches of many sizes are measured. Set the largest batch with --max-batch.`,
  }),

  dimensionTwice: (path: string, name: string): Problem => ({
    code: 'dimension-twice',
    message: `${path}: both --dimension and --at set the size of ${name}. Remove it from --dimension.`,
  }),

  sizeRefused: (path: string, used: number | undefined): Problem => ({
    code: 'size-refused',
    message: `${path}: the model does not run on generated inputs of this size, but runs at ${used}. Remove this size from --at.`,
  }),

  /** A problem at one of several sizes. */
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
        ? 'Pass a golden example that it runs on with --golden.'
        : 'Pass real inputs as a golden example with --golden, or set the sizes that it needs with --dimension NAME=SIZE.'
    }`,
  }),

  trialEnded: (path: string, activity: string, how: string, lastLines: readonly string[]): Problem => ({
    code: 'trial-process-ended',
    message: `${path}: the process that measures the model ended with ${how} ${activity}${quoted(lastLines)}. If memory ran out, lower --max-batch or measure on a larger machine.`,
  }),

  serverNotReady: (path: string, lastLines: readonly string[]): Problem => ({
    code: 'server-not-ready',
    message: `${path}: the server does not serve the model${quoted(lastLines)}. Fix the problem in the log; "model-serving serve ${path}" shows the whole log.`,
  }),

  requestRefused: (path: string, what: string, lastLines: readonly string[]): Problem => ({
    code: 'trial-request-refused',
    message: `${path}: the server ${what} when it received a request of one row${quoted(lastLines)}. Pass a golden example that the model runs on with --golden; if memory ran out, measure on a larger machine.`,
  }),
};

/** Quotes the last lines of a log, each indented below the sentence. */
function quoted(lines: readonly string[]): string {
  return lines.length > 0 ? `; its last lines are:\n${lines.map((line) => `  ${line}`).join('\n')}\n` : '';
}
