import type { Datatype, Dimension, TensorSignature } from '../contract/signature';
import { elementRef } from './elements';
import type { JsonObject } from './json';

/** Maximum size of a dimension in the runtime's binding. */
const MAX_SIZE = 2 ** 31 - 1;

/** Schema of a shape: fixed sizes are constants, all others have bounds. */
export function shapeSchema({ dimensions }: Pick<TensorSignature, 'dimensions'>): JsonObject {
  const { length } = dimensions;
  if (length === 0) return { type: 'array', maxItems: 0 };
  return { type: 'array', minItems: length, maxItems: length, prefixItems: dimensions.map(sizeSchema) };
}

/** Schema of elements in row-major order: flat, or, in requests only, nested according to the shape. */
export function dataSchema({ datatype, dimensions }: TensorSignature, from: 'request' | 'response'): JsonObject {
  const element = elementRef(datatype as Exclude<Datatype, 'FP16'>, from);
  const flat = arraySchema(element, fixedCount(dimensions));
  if (from === 'response' || dimensions.length < 2) return flat;
  return { anyOf: [flat, dimensions.reduceRight<JsonObject>(nest, element)] };
}

/** Describes the number of elements if the schema cannot express it; otherwise empty. */
export function dataDescription({ dimensions }: Pick<TensorSignature, 'dimensions'>): string {
  return fixedCount(dimensions) === undefined ? 'As many elements as `shape` specifies.' : '';
}

/** Number of elements; undefined if a dimension is not fixed. */
export function fixedCount(dimensions: readonly Dimension[]): number | undefined {
  return dimensions.every((size) => typeof size === 'number')
    ? dimensions.reduce<number>((count, size) => count * (size as number), 1)
    : undefined;
}

function sizeSchema(dimension: Dimension): JsonObject {
  if (typeof dimension === 'number') return { const: dimension };
  const bounds = { type: 'integer', minimum: 0, maximum: MAX_SIZE };
  return dimension === null ? bounds : { title: dimension, ...bounds };
}

function nest(items: JsonObject, dimension: Dimension): JsonObject {
  return arraySchema(items, typeof dimension === 'number' ? dimension : undefined);
}

function arraySchema(items: JsonObject, length: number | undefined): JsonObject {
  return { type: 'array', minItems: length, maxItems: length, items };
}
