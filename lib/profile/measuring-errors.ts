import type { Problem } from '../errors';
import { loadText, MOST_LOAD } from './machine-load';

/** What can go wrong while a model is measured; `path` is the model file as the user gave it. */
export const measuringErrors = {
  dimensionUnknown: (path: string, option: string, name: string, names: readonly string[]): Problem => ({
    code: 'dimension-unknown',
    message: `${path}: ${option} ${name}: no input has a free dimension of that name. ${
      names.length > 0 ? `Give one of ${names.map((each) => `"${each}"`).join(', ')}.` : 'Leave it out.'
    }`,
  }),

  dimensionOfBatch: (path: string, option: string, name: string): Problem => ({
    code: 'dimension-of-batch',
    message: `${path}: ${option} ${name}: this dimension counts the rows of a batch, which is measured at many sizes. Set the largest with --max-batch.`,
  }),

  dimensionTwice: (path: string, name: string): Problem => ({
    code: 'dimension-twice',
    message: `${path}: both --dimension and --at give the size of ${name}. Leave it out of --dimension.`,
  }),

  sizeRefused: (path: string, used: number | undefined): Problem => ({
    code: 'size-refused',
    message: `${path}: the model does not run on made-up inputs of that size, but at ${used}. Leave that size out of --at.`,
  }),

  /** What went wrong at one of several sizes. */
  atSize: (name: string, size: number, { code, message }: Problem): Problem => ({
    code,
    message: `--at ${name}=${size}: ${message}`,
  }),

  machineBusy: (path: string, load: number): Problem => ({
    code: 'machine-busy',
    message: `${path}: other processes take ${loadText(load)} of this machine's CPU time. Above ${loadText(MOST_LOAD)} what is measured is more of them than of the model. Stop them and measure again, or give --force for a profile that says so.`,
  }),

  inputsRefused: (path: string, reason: string, hasExample: boolean): Problem => ({
    code: 'trial-inputs-refused',
    message: `${path}: the model does not run on ${
      hasExample ? 'the first golden example, nor on made-up inputs of its shapes' : 'made-up inputs'
    }: ${reason}. ${
      hasExample
        ? 'Give a golden example that it runs on with --golden.'
        : 'Give real inputs as a golden example with --golden, or the sizes that it needs with --dimension NAME=SIZE.'
    }`,
  }),

  trialEnded: (path: string, doing: string, how: string, lastLines: readonly string[]): Problem => ({
    code: 'trial-process-ended',
    message: `${path}: the process that measures the model ended with ${how} ${doing}${quoted(lastLines)}. If memory ran out, lower --max-batch or measure on a larger machine.`,
  }),

  serverNotReady: (path: string, lastLines: readonly string[]): Problem => ({
    code: 'server-not-ready',
    message: `${path}: the server does not serve the model${quoted(lastLines)}. Fix what its log says; "model-serving serve ${path}" shows all of it.`,
  }),

  requestRefused: (path: string, what: string, lastLines: readonly string[]): Problem => ({
    code: 'trial-request-refused',
    message: `${path}: the server ${what}, where a request of one row was to be answered${quoted(lastLines)}. Give a golden example that the model runs on with --golden; if memory ran out, measure on a larger machine.`,
  }),
};

/** The last lines of a log, each indented below the sentence. */
function quoted(lines: readonly string[]): string {
  return lines.length > 0 ? `; its last lines are:\n${lines.map((line) => `  ${line}`).join('\n')}\n` : '';
}
