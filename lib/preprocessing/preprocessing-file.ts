import { ModelServingError } from '../errors';
import { isObject, parseJson } from '../json';
import { readText } from '../model/model-files';
import type { ClassOutputProps } from './class-output';
import { preprocessingErrors as errors } from './errors';
import type { ImageInputProps } from './image-input';

/** What a model's props say of pictures and classes. */
export interface Preprocessing extends ClassOutputProps {
  readonly image?: ImageInputProps;
}

const PROPS = ['image', 'classes', 'classOutput', 'classScores'];

/**
 * Reads a declaration for the command line. Whether it fits a model is checked with the model.
 *
 * @throws ModelServingError `preprocessing-invalid`, and what `readText` throws
 */
export function readPreprocessing(path: string): Preprocessing {
  const content = parseJson(readText(path), (reason) => errors.fileInvalid(path, reason));
  if (!isObject(content) || (content.image !== undefined && !isObject(content.image))) {
    throw new ModelServingError([errors.fileInvalid(path, 'it is not an object of image (an object) and classes')]);
  }
  const unknown = Object.keys(content).filter((prop) => !PROPS.includes(prop));
  if (unknown.length > 0) {
    throw new ModelServingError([errors.fileInvalid(path, `${unknown.join(', ')} is not one of ${PROPS.join(', ')}`)]);
  }
  return content;
}
