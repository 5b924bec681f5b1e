import { basename } from 'node:path';
import { isBeside } from '../committed-file';
import type { Problem } from '../errors';
import type { LinkOutside } from '../link-outside';
import type { Direction } from '../model/errors';
import { RUNTIME_VERSION } from '../model/runtime-limits';
import { shellWord } from '../shell-word';

/** What can be wrong with golden examples; `path` is their file as the user gave it. */
export const goldenErrors = {
  notJson: (path: string, reason: string): Problem => ({
    code: 'golden-not-json',
    message: `${path}: this is not JSON: ${reason}.`,
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
  outdated: (path: string, modelPath: string): string =>
    `${path}: the examples have the shapes that ${modelPath} declares, which are untrue, so that the model cannot reproduce them; they are left out of the image. Record them again: model-serving golden record ${modelPath} --inputs … --out ${path} --force`,

  fp16: (path: string, example: string, direction: Direction, name: string): Problem => ({
    code: 'golden-fp16',
    message: `${path}: example "${example}": ${direction} "${name}" is FP16, which has no JSON form. Give its bytes in a file: "file" in the place of "data".`,
  }),

  pictureUndeclared: (path: string, example: string, picture: string): Problem => ({
    code: 'golden-picture-undeclared',
    message: `${path}: example "${example}": its request is the picture ${picture}, and it is not declared how a picture becomes the model's input. Give OnnxModel.fromFile image, or the command --preprocessing.`,
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

  drift: (path: string, modelPath: string, example: string, what: string, isPicture: boolean): Problem => ({
    code: 'golden-drift',
    message: `${path}: example "${example}": ${what}. If the model is right, record the example again: model-serving golden record ${shellWord(modelPath)} --inputs …${isBeside(path, modelPath, 'golden') ? '' : ` --out ${shellWord(path)}`} --force; if the framework gave the example, fix the conversion${isPicture ? ' or the declaration of image' : ''} instead`,
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

  nameTwice: (name: string): Problem => ({
    code: 'golden-name-twice',
    message: `golden record: two requests are called "${name}", and examples are called as their files. Rename one.`,
  }),

  notRecorded: (modelPath: string, reason: string): Problem => ({
    code: 'golden-not-recorded',
    message: `${modelPath}: nothing was recorded: ${reason}. Fix the request, a JSON, PNG or JPEG file, and see model-serving inspect ${modelPath} for what the model takes.`,
  }),

  notRun: (path: string, modelPath: string, reason: string): Problem => ({
    code: 'golden-not-run',
    message: `${path}: onnxruntime ${RUNTIME_VERSION} did not run the examples with ${modelPath}: ${reason}.`,
  }),
};
