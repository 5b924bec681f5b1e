import type { BatchingVerdict } from '../../inference-image/src/contract/batching-verdict';
import type { Problem } from '../base/errors';
import { RUNTIME_VERSION } from '../model/runtime-limits';
import { shellWord } from '../base/shell-word';

/** Errors of `model-serving rebatch`; `path` is the model as the user gave it. */
export const rebatchErrors = {
  notNeeded: (path: string, input: string, axis: number): Problem => ({
    code: 'rebatch-not-needed',
    message: `${path}: the number of rows is already free (dimension ${axis} of input "${input}"), so requests can share runs. Serve the model as it is.`,
  }),

  notOne: (path: string, reason: string): Problem => ({
    code: 'rebatch-not-one',
    message: `${path}: ${reason}, but only a first dimension of 1 can be freed. Export the model with a symbolic first dimension (dynamic_shapes or dynamic_axes of torch.onnx.export).`,
  }),

  unproved: (
    path: string,
    { node, operator, reason }: BatchingVerdict & { verdict: 'coupled' | 'not understood' },
  ): Problem => ({
    code: 'rebatch-unproved',
    message: `${path}: with a free first dimension, the rows are not proved independent at node "${node}" (${operator}): ${reason}. If the network treats each row separately, export the model again with a symbolic first dimension (dynamic_shapes or dynamic_axes of torch.onnx.export). Otherwise, serve the model as it is.`,
  }),

  ontoItself: (path: string, out: string): Problem => ({
    code: 'rebatch-onto-itself',
    message: `--out ${out} is the same file as ${path}. Use another path.`,
  }),

  exists: (file: string): Problem => ({
    code: 'rebatch-exists',
    message: `${file}: this file already exists. Choose a different file with --out, or overwrite it with --force.`,
  }),

  otherData: (path: string, file: string): Problem => ({
    code: 'rebatch-data-differs',
    message: `${file}: ${path} stores weights in a file of this name, but the existing file has different content. Write to another folder with --out.`,
  }),

  notWritten: (out: string, reason: string): Problem => ({
    code: 'rebatch-not-written',
    message: `--out ${out} cannot be written: ${reason}. Use a file in a folder that you can write to.`,
  }),

  notCompared: (path: string, reason: string): Problem => ({
    code: 'rebatch-not-compared',
    message: `${path}: onnxruntime ${RUNTIME_VERSION} could not compare the model with its converted copy: ${reason}. Record golden examples to compare (model-serving golden record ${shellWord(path)} --inputs …), or run this command on a machine where the runtime works.`,
  }),

  differs: (path: string, difference: string): Problem => ({
    code: 'rebatch-differs',
    message: `${path}: with free rows, the model returns different answers: ${difference}. Serve the original model, and report this as a bug in the proof.`,
  }),
};
