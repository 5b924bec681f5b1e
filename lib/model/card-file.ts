import { readFileSync } from 'node:fs';
import { ModelServingError } from '../errors';
import { isObject, parseJson } from '../json';
import { cardErrors } from './card-errors';
import type { ModelCard } from './model-card';
import { readingFile, sourceFile } from './model-files';

/**
 * The JSON of a card; what is in it is checked with the model.
 *
 * @throws ModelServingError `card-not-json`, `card-not-object`, and what `sourceFile` throws
 */
export function readCardFile(path: string): ModelCard {
  sourceFile(path, path);
  const text = readingFile(path, () => readFileSync(path, 'utf8'));
  const card = parseJson(text, (reason) => cardErrors.fileNotJson(path, reason));
  if (!isObject(card)) throw new ModelServingError([cardErrors.fileNotObject(path)]);
  return card;
}
