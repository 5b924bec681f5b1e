import { basename } from 'node:path';
import type { GoldenExample, UnusableAnswers } from '../../inference-image/src/contract/golden';
import { isBeside } from '../base/committed-file';
import type { Problem } from '../base/errors';
import type { LinkOutside } from '../base/link-outside';
import type { Direction } from '../model/errors';
import { RUNTIME_VERSION } from '../model/runtime-limits';
import { shellWord } from '../base/text';
import type { SourceFile } from '../base/source-file';

/** Well-formed golden examples, not yet compared with a model. */
export interface Golden {
  /** Path as the user gave it; used in messages. */
  readonly path: string;
  /** The JSON file first, then pictures and files with tensor elements. */
  readonly files: readonly [SourceFile, ...SourceFile[]];
  readonly examples: readonly GoldenExample[];
}

const OWN_REQUESTS =
  'Set the sizes that the model needs with --dimension NAME=SIZE, or pass your own requests with --inputs instead of --random';

function allNaN(elements: number): string {
  return elements === 1 ? 'is NaN' : `is NaN in all ${elements} elements`;
}

/** Guesses from the examples' names which option recorded them. */
function requestsOf(examples: Golden['examples']): string {
  const isRandom = examples.every(({ name }) => /^random \d+$/.test(name));
  return isRandom ? `--random ${examples.length}` : '--inputs …';
}

/** Errors and warnings about golden examples; `path` is the path of their file as the user gave it. */
export const goldenErrors = {
  notJson: (path: string, reason: string): Problem => ({
    code: 'golden-not-json',
    message: `${path}: this file is not valid JSON: ${reason}. Fix the file, or record the examples again with --force.`,
  }),

  halfWritten: (path: string): Problem => ({
    code: 'golden-half-written',
    message: `${path}: the JSON is cut off: the file was only partly written or copied. Restore it from version control, or record the examples again with --force.`,
  }),

  invalid: (path: string, where: string, reason: string): Problem => ({
    code: 'golden-invalid',
    message: `${path}: ${where}: ${reason}. Golden examples have the form {"examples": [{"name", "request", "response", "tolerance"?}]}, with requests and responses as in the Open Inference Protocol; "picture" may replace "request".`,
  }),

  mismatch: (path: string, example: string, what: string): Problem => ({
    code: 'golden-mismatch',
    message: `${path}: example "${example}": ${what}. Record the example again with this model.`,
  }),

  /** A warning; `fitGolden` decides when it applies. */
  outdated: ({ path, examples }: Golden, modelPath: string): string =>
    `${path}: the examples have the shapes that ${modelPath} wrongly declares, so the model cannot reproduce them. They are left out of the image. Record them again: model-serving golden record ${shellWord(modelPath)} ${requestsOf(examples)} --out ${shellWord(path)} --force`,

  fp16: (path: string, example: string, direction: Direction, name: string): Problem => ({
    code: 'golden-fp16',
    message: `${path}: example "${example}": ${direction} "${name}" is FP16, which JSON cannot represent. Store its bytes in a file, and replace "data" with "file".`,
  }),

  pictureUndeclared: (path: string, example: string, picture: string): Problem => ({
    code: 'golden-picture-undeclared',
    message: `${path}: example "${example}": its request is the picture ${picture}, but the model declares no picture input. Set the prop picture of OnnxModel.fromFile, or the option --preprocessing of the command.`,
  }),

  fileReserved: (path: string, file: string): Problem => ({
    code: 'golden-file-reserved',
    message: `${path}: the image uses the path ${file} for a file of its own. Move the example's file, for example to golden/${basename(file)}.`,
  }),

  fileMissing: (path: string, file: string): Problem => ({
    code: 'golden-file-missing',
    message: `${path}: this file refers to "${file}", which does not exist. Paths are relative to the folder of ${basename(path)}.`,
  }),

  fileOutside: (path: string, { link, target }: LinkOutside): Problem => ({
    code: 'golden-file-outside',
    message: `${path}: ${link} is a link to ${target}, which is outside the folder of ${basename(path)}. Replace the link with the file.`,
  }),

  drift: (
    { path, examples }: Golden,
    modelPath: string,
    example: string,
    what: string,
    isPicture: boolean,
  ): Problem => ({
    code: 'golden-drift',
    message: `${path}: example "${example}": ${what}. If the example comes from the training framework, fix the conversion${isPicture ? ' or the picture prop' : ''}. If the model is right, record the example again: model-serving golden record ${shellWord(modelPath)} ${requestsOf(examples)}${isBeside(path, modelPath, 'golden') ? '' : ` --out ${shellWord(path)}`} --force`,
  }),

  refused: (path: string, example: string, what: string): Problem => ({
    code: 'golden-refused',
    message: `${path}: example "${example}": ${what}. Fix the request or picture of the example, or its expected response.`,
  }),

  exists: (path: string): Problem => ({
    code: 'golden-exists',
    message: `${path}: this file already exists. Choose a different file with --out, or overwrite it with --force.`,
  }),

  inputsOrRandom: (): Problem => ({
    code: 'golden-inputs-or-random',
    message: 'golden record: the requests are missing or ambiguous. Use either --inputs or --random.',
  }),

  unwritable: (path: string, reason: string): Problem => ({
    code: 'golden-unwritable',
    message: `${path}: nothing was recorded, because a file could not be written: ${reason}. Fix the cause, or choose a writable path with --out.`,
  }),

  nameTwice: (name: string): Problem => ({
    code: 'golden-name-twice',
    message: `golden record: two requests are named "${name}", after their files. Rename one of the files.`,
  }),

  sizesOfInputs: (): Problem => ({
    code: 'golden-sizes-of-inputs',
    message:
      'golden record: --dimension applies only to --random; the requests of --inputs have their own sizes. Remove --dimension, or use --random instead of --inputs.',
  }),

  seedOfInputs: (): Problem => ({
    code: 'golden-seed-of-inputs',
    message: 'golden record: --seed applies only to --random. Remove --seed, or use --random instead of --inputs.',
  }),

  inputInvalid: (path: string, what: string, remedy: string): Problem => ({
    code: 'golden-input-invalid',
    message: `${path}: ${what}. ${remedy}.`,
  }),

  /** @param isRandom - whether the requests were generated */
  notRecorded: (modelPath: string, reason: string, isRandom: boolean): Problem => ({
    code: 'golden-not-recorded',
    message: `${modelPath}: nothing was recorded: ${reason}. ${
      isRandom
        ? OWN_REQUESTS
        : `Fix the request; model-serving inspect ${shellWord(modelPath)} lists the model's inputs`
    }.`,
  }),

  empty: (modelPath: string, example: string): Problem => ({
    code: 'golden-empty',
    message: `${modelPath}: nothing was recorded: the request "${example}" has no rows, so its answer could not detect a changed model. Use a request with at least one row.`,
  }),

  /** Reports recorded answers that are useless as examples. */
  unusable: (modelPath: string, answers: UnusableAnswers, isRandom: boolean): Problem => {
    const nothing = `${modelPath}: nothing was recorded`;
    switch (answers.kind) {
      case 'refused': {
        const reason =
          answers.example === undefined
            ? `the model refuses every random request; the first: ${answers.reason}`
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
              : 'Fix the request: a mask of zeros, a length of 0 or NaN in an input can cause this'
          }.`,
        };
      }
      case 'constant':
        return {
          code: 'golden-constant',
          message: `${nothing}: ${answers.count} different requests have the same answer, so the examples could not detect a changed model. ${
            isRandom ? OWN_REQUESTS : 'Add a request with a different answer'
          }.`,
        };
      case 'random':
        return {
          code: 'golden-unrepeatable',
          message: `${nothing}: a second run of "${answers.example}" differs from the first: ${answers.difference}. The model uses random numbers, so no container could reproduce its answers. Export it for inference, without dropout and sampling.`,
        };
    }
  },

  /** @param isRandom - whether the requests were generated */
  unstable: (modelPath: string, example: string, difference: string, isRandom: boolean): Problem => ({
    code: 'golden-unstable',
    message: `${modelPath}: nothing was recorded: rounding changes the answer to "${example}" by more than a tenth of the output's largest value: ${difference}. A tolerance that allows this would not detect wrong answers. ${
      isRandom ? 'Try a different --seed, or pass your own requests with --inputs' : 'Use a different request'
    }, or set the tolerance with --absolute.`,
  }),

  /** Reports an example in an existing file; `unusable` reports answers that are being recorded. */
  allNaN: (path: string, example: string, output: string, elements: number): Problem => ({
    code: 'golden-all-nan',
    message: `${path}: example "${example}": output "${output}" ${allNaN(elements)}, so comparing this output could not detect a changed model. Record the example with a different request, or remove this output from the example.`,
  }),

  /** A warning, because the answers of a classifier may be equal by chance. */
  constant: (path: string, count: number): string =>
    `${path}: all ${count} examples have the same response to different requests, so they may not detect a changed model. Add a request with a different response.`,

  /** A warning. */
  orphans: (path: string, folder: string, files: readonly string[]): string =>
    `${path}: ${folder} contains files that no example uses: ${files.join(', ')}. Remove these files.`,

  notRun: (path: string, modelPath: string, reason: string): Problem => ({
    code: 'golden-not-run',
    message: `${path}: onnxruntime ${RUNTIME_VERSION} did not run the examples with ${modelPath}: ${reason}.`,
  }),
};
