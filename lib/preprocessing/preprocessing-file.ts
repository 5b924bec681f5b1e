import { ModelServingError } from '../base/errors';
import { isObject, parseJson } from '../base/committed-file';
import { readText } from '../base/source-file';
import type { ClassOutputProps } from './class-output';
import { preprocessingErrors as errors } from './errors';
import type { PictureInputProps } from './picture-input';

/** The props of a model that concern pictures and classes. */
export interface Preprocessing extends ClassOutputProps {
  readonly picture?: PictureInputProps;
}

const PROPS = ['picture', 'classes', 'classOutput', 'classScores'];

/**
 * Reads a declaration of preprocessing for the command line. It is validated together with the model later.
 *
 * @throws ModelServingError `preprocessing-invalid`, and the errors of `readText`
 */
export function readPreprocessing(path: string): { preprocessing: Preprocessing; warnings: string[] } {
  const refuse = (reason: string) => new ModelServingError([errors.fileInvalid(path, reason)]);
  const content = parseJson(readText(path), (reason) => errors.fileInvalid(path, reason));
  const shape = 'it must be a JSON object, and its value for picture must also be an object';
  if (!isObject(content)) throw refuse(shape);
  // `image` is the old name of `picture`.
  const { image, ...others } = content;
  const isBoth = image !== undefined && others.picture !== undefined;
  if (isBoth) throw refuse('it has both picture and its old name, image');
  const preprocessing = image === undefined ? others : { picture: image, ...others };
  if (preprocessing.picture !== undefined && !isObject(preprocessing.picture)) throw refuse(shape);
  const unknown = Object.keys(preprocessing).filter((prop) => !PROPS.includes(prop));
  if (unknown.length > 0) {
    const keys = unknown.length > 1 ? 'keys' : 'key';
    throw refuse(`unknown ${keys} ${unknown.join(', ')}; the known keys are ${PROPS.join(', ')}`);
  }
  return { preprocessing, warnings: image === undefined ? [] : [oldKeyText(path)] };
}

function oldKeyText(path: string): string {
  return `${path}: the key image is now called picture. Rename it; its value does not change.`;
}
