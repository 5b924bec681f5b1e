import { basename } from 'node:path';
import type { UnusableAnswers } from '../../inference-image/src/contract/golden-messages';
import { isBeside } from '../committed-file';
import type { Problem } from '../errors';
import type { LinkOutside } from '../link-outside';
import type { Direction } from '../model/errors';
import { RUNTIME_VERSION } from '../model/runtime-limits';
import { shellWord } from '../shell-word';
import type { Golden } from './golden-file';

const OWN_REQUESTS =
  'Give the sizes that the model needs with --dimension NAME=SIZE, or requests of your own with --inputs instead of --random';

function allNaN(elements: number): string {
  return elements === 1 ? 'is NaN' : `is NaN in all of its ${elements} elements`;
}

/** The option that examples were recorded with, by their names. */
function requestsOf(examples: Golden['examples']): string {
  const isRandom = examples.every(({ name }) => /^random \d+$/.test(name));
  return isRandom ? `--random ${examples.length}` : '--inputs …';
}

/** What can be wrong with golden examples; `path` is their file as the user gave it. */
export const goldenErrors = {
  notJson: (path: string, reason: string): Problem => ({
    code: 'golden-not-json',
    message: `${path}: this is not JSON: ${reason}.`,
  }),

  halfWritten: (path: string): Problem => ({
    code: 'golden-half-written',
    message: `${path}: the file ends within its JSON: it was written or copied only in part. Restore it from version control, or record the examples again with --force.`,
  }),

  invalid: (path: string, where: string, reason: string): Problem => ({
    code: 'golden-invalid',
    message: `${path}: ${where}: ${reason}. Golden examples are {"examples": [{"name", "request", "response", "tolerance"?}]}, requests and responses as in the Open Inference Protocol; a picture may stand in the place of a request.`,
  }),

  mismatch: (path: string, example: string, what: string): Problem => ({
    code: 'golden-mismatch',
    message: `${path}: example "${example}": ${what}. Record the example with this very model.`,
  }),

  /** A warning: see fitGolden. */
  outdated: ({ path, examples }: Golden, modelPath: string): string =>
    `${path}: the examples have the shapes that ${modelPath} declares, which are untrue, so that the model cannot reproduce them; they are left out of the image. Record them again: model-serving golden record ${shellWord(modelPath)} ${requestsOf(examples)} --out ${shellWord(path)} --force`,

  fp16: (path: string, example: string, direction: Direction, name: string): Problem => ({
    code: 'golden-fp16',
    message: `${path}: example "${example}": ${direction} "${name}" is FP16, which has no JSON form. Give its bytes in a file: "file" in the place of "data".`,
  }),

  pictureUndeclared: (path: string, example: string, picture: string): Problem => ({
    code: 'golden-picture-undeclared',
    message: `${path}: example "${example}": its request is the picture ${picture}, and it is not declared how a picture becomes the model's input. Give OnnxModel.fromFile picture, or the command --preprocessing.`,
  }),

  fileReserved: (path: string, file: string): Problem => ({
    code: 'golden-file-reserved',
    message: `${path}: ${file} would be in the way of a file that the image has there. Put yours elsewhere, such as golden/${basename(file)}.`,
  }),

  fileMissing: (path: string, file: string): Problem => ({
    code: 'golden-file-missing',
    message: `${path}: it names the file "${file}", which is not there. Such names start at the folder of this file.`,
  }),

  fileOutside: (path: string, { link, target }: LinkOutside): Problem => ({
    code: 'golden-file-outside',
    message: `${path}: ${link} is a link to ${target}, outside the folder of this file. Put the file itself there.`,
  }),

  drift: (
    { path, examples }: Golden,
    modelPath: string,
    example: string,
    what: string,
    isPicture: boolean,
  ): Problem => ({
    code: 'golden-drift',
    message: `${path}: example "${example}": ${what}. If the model is right, record the example again: model-serving golden record ${shellWord(modelPath)} ${requestsOf(examples)}${isBeside(path, modelPath, 'golden') ? '' : ` --out ${shellWord(path)}`} --force; if the framework gave the example, fix the conversion${isPicture ? ' or the declaration of picture' : ''} instead`,
  }),

  refused: (path: string, example: string, what: string): Problem => ({
    code: 'golden-refused',
    message: `${path}: example "${example}": ${what}. Fix its request or picture, or what it expects.`,
  }),

  exists: (path: string): Problem => ({
    code: 'golden-exists',
    message: `${path}: there are golden examples already. Name another file with --out, or overwrite them with --force.`,
  }),

  inputsOrRandom: (): Problem => ({
    code: 'golden-inputs-or-random',
    message: 'golden record: give requests with --inputs, or let it make some with --random, not both or neither.',
  }),

  unwritable: (path: string, reason: string): Problem => ({
    code: 'golden-unwritable',
    message: `${path}: nothing was recorded: a file cannot be written: ${reason}. Name a place with --out that this user may write to, or remove what is in the way.`,
  }),

  nameTwice: (name: string): Problem => ({
    code: 'golden-name-twice',
    message: `golden record: two requests are called "${name}", and examples are called as their files. Rename one.`,
  }),

  sizesOfInputs: (): Problem => ({
    code: 'golden-sizes-of-inputs',
    message:
      'golden record: --dimension gives the sizes of random requests, and those of --inputs have their own. Leave it out, or use --random instead of --inputs.',
  }),

  seedOfInputs: (): Problem => ({
    code: 'golden-seed-of-inputs',
    message:
      'golden record: --seed is of random requests, and those of --inputs are given. Leave it out, or use --random instead of --inputs.',
  }),

  inputInvalid: (path: string, what: string, remedy: string): Problem => ({
    code: 'golden-input-invalid',
    message: `${path}: ${what}. ${remedy}.`,
  }),

  /** @param isRandom - whether the requests were made up */
  notRecorded: (modelPath: string, reason: string, isRandom: boolean): Problem => ({
    code: 'golden-not-recorded',
    message: `${modelPath}: nothing was recorded: ${reason}. ${
      isRandom
        ? OWN_REQUESTS
        : `Fix the request, and see model-serving inspect ${shellWord(modelPath)} for what the model takes`
    }.`,
  }),

  empty: (modelPath: string, example: string): Problem => ({
    code: 'golden-empty',
    message: `${modelPath}: nothing was recorded: the request "${example}" has no rows, and so its answer guards nothing. Give it a row or more.`,
  }),

  /** Answers of which nothing was recorded. */
  unusable: (modelPath: string, answers: UnusableAnswers, isRandom: boolean): Problem => {
    const nothing = `${modelPath}: nothing was recorded`;
    switch (answers.kind) {
      case 'refused': {
        const reason =
          answers.example === undefined
            ? `the model refuses all requests that were made up, the first since ${answers.reason}`
            : `${answers.example}: ${answers.reason}`;
        return goldenErrors.notRecorded(modelPath, reason, isRandom);
      }
      case 'nan': {
        const of = answers.example === undefined ? 'for random requests' : `for "${answers.example}"`;
        return {
          code: 'golden-all-nan',
          message: `${nothing}: output "${answers.output}" ${of} ${allNaN(answers.elements)}. ${
            isRandom
              ? OWN_REQUESTS
              : 'Fix the request: a mask without a one, a length of 0 or NaN in an input does this'
          }.`,
        };
      }
      case 'constant':
        return {
          code: 'golden-constant',
          message: `${nothing}: the answers to ${answers.count} requests that differ are the same, and so would guard nothing. ${
            isRandom ? OWN_REQUESTS : 'Add a request that the model answers otherwise'
          }.`,
        };
      case 'random':
        return {
          code: 'golden-unrepeatable',
          message: `${nothing}: a second run of "${answers.example}" differs from the first: ${answers.difference}. The model draws random numbers, so that no container would reproduce its answers: export it for inference, without dropout and sampling.`,
        };
    }
  },

  /** @param isRandom - whether the requests were made up */
  unstable: (modelPath: string, example: string, difference: string, isRandom: boolean): Problem => ({
    code: 'golden-unstable',
    message: `${modelPath}: nothing was recorded: rounding moves the answer to "${example}" by more than a tenth of the output's largest value: ${difference}. No tolerance for that would tell a wrong answer. ${
      isRandom ? 'Try another --seed, or requests of your own with --inputs' : 'Give another request'
    }, or set the tolerance with --absolute.`,
  }),

  /** Of examples that are read. */
  allNaN: (path: string, example: string, output: string, elements: number): Problem => ({
    code: 'golden-all-nan',
    message: `${path}: example "${example}": output "${output}" ${allNaN(elements)}, and so guards nothing. Record the example with another request, or leave this output out of it.`,
  }),

  /** A warning: the answers of a classifier may be alike by chance. */
  constant: (path: string, count: number): string =>
    `${path}: the responses of all ${count} examples are the same, though their requests differ, so that they guard little. Add a request that the model answers otherwise.`,

  /** A warning. */
  orphans: (path: string, folder: string, files: readonly string[]): string =>
    `${path}: ${folder} has files that no example names: ${files.join(', ')}. Remove them.`,

  notRun: (path: string, modelPath: string, reason: string): Problem => ({
    code: 'golden-not-run',
    message: `${path}: onnxruntime ${RUNTIME_VERSION} did not run the examples with ${modelPath}: ${reason}.`,
  }),
};
