import type { ClassOutput } from '../contract/picture-input';
import type { ModelManifest } from '../contract/model-manifest';
import { halfValue } from '../contract/half';
import type { Tensor } from '../tensor/tensor';
import { ServingError, invalid } from '../base/errors';
import { shortFloat32 } from '../json/number-text';

/** Maximum number of classes in an answer. */
const TOP = 5;

interface Class {
  readonly class: string;
  /** Index of the class; absent if the model returns a label that is not one of the names. */
  readonly index?: number;
  /**
   * Score of the class; absent if the model returns no scores. NaN and infinities are strings, because JSON cannot
   * represent them.
   */
  readonly score?: number | string;
}

export interface ClassAnswer extends Class {
  readonly model_name: string;
  readonly model_version: string;
  /** Classes, best first. */
  readonly classes: readonly Class[];
}

/** Interprets a model's output for one item as a class. */
export function classAnswer({ name, version }: ModelManifest, spec: ClassOutput, output: Tensor): ClassAnswer {
  const classes = CLASSES[spec.kind](spec, output);
  const [best] = classes;
  if (!best) throw new ServingError('error', `output "${output.name}" has no elements, so there is no class`);
  return { model_name: name, model_version: version, ...best, classes };
}

const CLASSES: Record<ClassOutput['kind'], (spec: ClassOutput, output: Tensor) => Class[]> = {
  scores: ({ names, softmax }, output) => {
    const scores = numbers(output);
    const count = names?.length ?? output.shape.at(-1) ?? 1;
    if (scores.length !== count) throw notOne(output, count);
    const shown = softmax ? softmaxOf(scores) : scores;
    const best = [...scores.keys()].sort((a, b) => rank(scores[b]) - rank(scores[a])).slice(0, TOP);
    return best.map((index) => ({
      class: names?.[index] ?? String(index),
      index,
      score: jsonNumber(shown[index] as number),
    }));
  },

  index: ({ names }, output) => {
    const [index, ...others] = numbers(output);
    if (index === undefined || others.length > 0) throw notOne(output, 1);
    if (names && names[index] === undefined) {
      throw new ServingError(
        'error',
        `output "${output.name}" is class ${index}, but only ${names.length} classes have names`,
      );
    }
    return [{ class: names?.[index] ?? String(index), index }];
  },

  label: ({ names }, output) => {
    const [label, ...others] = output.data as string[];
    if (label === undefined || others.length > 0) throw notOne(output, 1);
    const index = names?.indexOf(label) ?? -1;
    return [index < 0 ? { class: label } : { class: label, index }];
  },
};

function notOne({ name, shape }: Tensor, count: number): ServingError {
  const fault = `output ${JSON.stringify(name)} has shape [${shape}], but ${count} ${count === 1 ? 'element was' : 'elements were'} expected`;
  return invalid(`${fault}; send one item per request, or use the path that ends in /infer`);
}

function numbers({ datatype, data }: Tensor): number[] {
  if (datatype === 'FP16') return Array.from(data as Uint16Array, halfValue);
  if (datatype === 'FP32') return Array.from(data as Float32Array, (value) => shortFinite(value));
  return Array.from(data as ArrayLike<number | bigint>, Number);
}

function shortFinite(value: number): number {
  return Number.isFinite(value) ? shortFloat32(value) : value;
}

/** Key by which scores are ranked; NaN ranks last. */
function rank(score = NaN): number {
  return Number.isNaN(score) ? -Number.MAX_VALUE : Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, score));
}

function softmaxOf(scores: readonly number[]): number[] {
  // Math.max(...scores) fails if there are more classes than a call can have arguments.
  const largest = scores.reduce((most, score) => Math.max(most, score), -Infinity);
  const weights = scores.map((score) => Math.exp(score - largest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  // Rounded to 32-bit floats, because that is the precision of most models.
  return weights.map((weight) => shortFloat32(Math.fround(weight / total)));
}

function jsonNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
