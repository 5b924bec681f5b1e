import { readFileSync } from 'node:fs';
import { ModelServingError } from '../errors';
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
  const card = parse(path, text);
  if (typeof card !== 'object' || card === null || Array.isArray(card)) {
    throw new ModelServingError([cardErrors.fileNotObject(path)]);
  }
  return card;
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ModelServingError([cardErrors.fileNotJson(path, (error as SyntaxError).message)]);
  }
}
