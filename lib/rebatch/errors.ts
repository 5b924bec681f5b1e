import type { BatchingVerdict } from '../../inference-image/src/contract/batching-verdict';
import type { Problem } from '../errors';
import { RUNTIME_VERSION } from '../model/runtime-limits';
import { shellWord } from '../shell-word';

/** What keeps `model-serving rebatch` from writing a model; `path` is the model's, as the user gave it. */
export const rebatchErrors = {
  notNeeded: (path: string, input: string, axis: number): Problem => ({
    code: 'rebatch-not-needed',
    message: `${path}: its rows are free already, on dimension ${axis} of input "${input}", and requests share runs. Serve it as it is.`,
  }),

  notOne: (path: string, reason: string): Problem => ({
    code: 'rebatch-not-one',
    message: `${path}: ${reason}, and only a first dimension of 1 can be freed. Export the model with a symbolic first dimension (dynamic_shapes or dynamic_axes of torch.onnx.export).`,
  }),

  unproved: (
    path: string,
    { node, operator, reason }: BatchingVerdict & { verdict: 'coupled' | 'not understood' },
  ): Problem => ({
    code: 'rebatch-unproved',
    message: `${path}: with a free first dimension, its rows are not proved independent at node "${node}" (${operator}): ${reason}. If the network treats each row alone, export it again with a symbolic first dimension (dynamic_shapes or dynamic_axes of torch.onnx.export); else serve it as it is.`,
  }),

  ontoItself: (path: string, out: string): Problem => ({
    code: 'rebatch-onto-itself',
    message: `--out ${out} is ${path} itself. Name another file.`,
  }),

  exists: (file: string): Problem => ({
    code: 'rebatch-exists',
    message: `${file}: this file exists already. Name another one with --out, or overwrite it with --force.`,
  }),

  otherData: (path: string, file: string): Problem => ({
    code: 'rebatch-data-differs',
    message: `${file}: ${path} has weights in a file of this name, and the file here is a different one. Write to another folder with --out.`,
  }),

  notWritten: (out: string, reason: string): Problem => ({
    code: 'rebatch-not-written',
    message: `--out ${out} cannot be written: ${reason}. Name a file in a folder that this user may write to.`,
  }),

  notCompared: (path: string, reason: string): Problem => ({
    code: 'rebatch-not-compared',
    message: `${path}: onnxruntime ${RUNTIME_VERSION} did not compare it with the model of free rows: ${reason}. Record golden examples of it (model-serving golden record ${shellWord(path)} --inputs …), whose values are then compared, or run this where the runtime runs.`,
  }),

  differs: (path: string, difference: string): Problem => ({
    code: 'rebatch-differs',
    message: `${path}: with free rows it gives other answers: ${difference}. Serve it as it is, and report this: the proof should have found it.`,
  }),
};
