import { ModelServingError } from '../base/errors';
import { isObject, parseJson } from '../base/json';
import { cardErrors } from './card-errors';
import type { ModelCard } from './model-card';
import { readText, sourceFile } from '../base/source-file';

/**
 * Reads a model card from a JSON file. The content of the card is validated later, together with the model.
 *
 * @throws ModelServingError `card-not-json`, `card-not-object`, and the errors of `sourceFile` and `readText`
 */
export function readCardFile(path: string): ModelCard {
  sourceFile(path, path);
  const card = parseJson(readText(path), (reason) => cardErrors.fileNotJson(path, reason));
  if (!isObject(card)) throw new ModelServingError([cardErrors.fileNotObject(path)]);
  return card;
}
