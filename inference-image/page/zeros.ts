import type { Element, TensorMetadata } from './tensor';

/** Maximum number of elements in a request of zeros that the editor shows. */
const MOST_ELEMENTS = 20_000;

/**
 * Valid request that contains only zeros and in which every free dimension has size 1; undefined if it would be too
 * long.
 */
export function zeros(inputs: readonly TensorMetadata[]): unknown {
  const tensors = inputs.map(({ name, datatype, shape }) => {
    const sizes = shape.map((size) => (size < 0 ? 1 : size));
    return { name, datatype, shape: sizes, count: sizes.reduce((product, size) => product * size, 1) };
  });
  if (tensors.reduce((sum, { count }) => sum + count, 0) > MOST_ELEMENTS) return undefined;
  return {
    inputs: tensors.map(({ count, ...tensor }) => ({
      ...tensor,
      data: new Array<Element>(count).fill(zero(tensor.datatype)),
    })),
  };
}

function zero(datatype: string): Element {
  if (datatype === 'BYTES') return '';
  return datatype === 'BOOL' ? false : 0;
}
