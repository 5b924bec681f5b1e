import { isObject, parseJson } from '../base/committed-file';
import { ModelServingError } from '../base/errors';
import { readText, sourceFile } from '../base/source-file';
import { checkMetric, checkMetrics, checkText } from './check-card';
import { CARD_TEXTS, cardErrors, type CardText, type ModelCard } from './model-card';
import type { OnnxGraph } from './onnx-graph';

/**
 * Keys in `metadata_props` for each field, in order of precedence. ONNX itself defines model_author and model_license
 * (https://github.com/onnx/onnx/blob/main/docs/IR.md#optional-metadata); exporters write the other keys.
 */
const KEYS: Readonly<Record<CardText, readonly string[]>> = {
  title: ['title'],
  description: ['description'],
  license: ['license', 'licence', 'model_license'],
  authors: ['authors', 'author', 'model_author'],
  vendor: ['vendor', 'organization'],
  trainingData: ['training_data', 'dataset'],
  source: ['source', 'repository'],
  revision: ['revision', 'commit'],
  documentation: ['documentation', 'docs'],
};

const METRIC = 'metrics.';

export interface FileCard {
  readonly card: ModelCard;
  /** Warnings about invalid values in the file, which the card omits. */
  readonly warnings: readonly string[];
}

/**
 * Reads the model card from the metadata of the file, except for the fields that `given` sets. An invalid value causes
 * only a warning, because the model can still be served.
 */
export function cardOfFile(path: string, graph: OnnxGraph, given: ModelCard): FileCard {
  const warnings: string[] = [];
  const texts = (Object.keys(CARD_TEXTS) as CardText[])
    .filter((field) => given[field] === undefined)
    .flatMap((field): [CardText, string][] => {
      const { value, key } = textOf(graph, field) ?? {};
      if (value === undefined) return [];
      const [problem] = checkText(`${path}: ${key}`, field, value);
      if (!problem) return [[field, value]];
      warnings.push(cardErrors.leftOut(problem, `card.${field}`));
      return [];
    });
  const metrics = given.metrics === undefined ? metricsOf(path, graph, warnings) : {};
  return { card: { ...Object.fromEntries(texts), ...(Object.keys(metrics).length > 0 && { metrics }) }, warnings };
}

/**
 * Finds the text of a field and its location in the file. Blank strings are ignored, because exporters write them for
 * unknown values.
 */
function textOf({ metadata, docString }: OnnxGraph, field: CardText): { value: string; key: string } | undefined {
  const key = KEYS[field].find((name) => metadata[name]?.trim());
  if (key !== undefined) return { value: metadata[key]!, key: `metadata_props "${key}"` };
  return field === 'description' && docString.trim() ? { value: docString, key: 'doc_string' } : undefined;
}

/** Metrics as strings, exactly as in the file: `"0.90"` keeps its trailing zero. */
function metricsOf(path: string, { metadata }: OnnxGraph, warnings: string[]): Record<string, string> {
  const label = `${path}: metadata_props "metrics"`;
  const metrics = Object.entries(metadata)
    .filter(([key]) => key.startsWith(METRIC))
    .map(([key, value]): [string, string] => [key.slice(METRIC.length), value])
    .filter(([name, value]) => {
      const [problem] = checkMetric(label, name, value);
      if (problem) warnings.push(cardErrors.leftOut(problem, 'card.metrics'));
      return !problem;
    });
  const all = Object.fromEntries(metrics);
  const [tooLong] = checkMetrics(label, all);
  if (!tooLong) return all;
  warnings.push(cardErrors.leftOut(tooLong, 'card.metrics'));
  return {};
}

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
