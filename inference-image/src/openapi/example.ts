import { type Datatype, elementCount, type TensorSignature } from '../contract/signature';
import type { Json, JsonObject } from './json';

/** Maximum total number of elements in all inputs; with more elements, the document would be mostly zeros. */
const MAX_ELEMENTS = 10_000;

const ELEMENT: Partial<Record<Datatype, Json>> = { BOOL: false, BYTES: 'text' };

/** A valid request in which every free dimension has size 1; undefined if it would have too many elements. */
export function exampleRequest(inputs: readonly TensorSignature[]): JsonObject | undefined {
  const shapes = inputs.map(({ dimensions }) => dimensions.map((size) => (typeof size === 'number' ? size : 1)));
  const counts = shapes.map(elementCount);
  if (counts.reduce((total, count) => total + count, 0) > MAX_ELEMENTS) return undefined;
  return {
    inputs: inputs.map(({ name, datatype }, i) => ({
      name,
      datatype,
      shape: shapes[i]!,
      data: new Array<Json>(counts[i]!).fill(ELEMENT[datatype] ?? 0),
    })),
  };
}
