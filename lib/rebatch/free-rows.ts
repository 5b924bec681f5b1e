import type { RowAxes } from '../../inference-image/src/contract/batching-verdict';
import type { Dimension, Signature, TensorSignature } from '../../inference-image/src/contract/signature';
import type { NewShapes } from '../onnx/write-shapes';

/** Candidate names for the dimension that counts rows. The first unused name is taken. */
const NAMES = ['batch', 'rows', 'batch_rows'];

/** Name for the dimension that counts rows; no other dimension has this name. */
export function rowSymbol({ inputs, outputs }: Signature): string {
  const taken = new Set([...inputs, ...outputs].flatMap(({ dimensions }) => dimensions));
  const free = (function* () {
    yield* NAMES;
    for (let i = 2; ; i++) yield `${NAMES[0]}_${i}`;
  })();
  for (const name of free) if (!taken.has(name)) return name;
  throw new Error('unreachable');
}

/** Shapes with free rows on these axes; tensors without an axis keep their shape. */
export function freedShapes(
  { inputs, outputs }: Signature,
  { inputAxes, outputAxes }: { inputAxes: RowAxes['inputAxes']; outputAxes?: RowAxes['outputAxes'] },
  symbol: string,
): NewShapes {
  const freed = (tensors: readonly TensorSignature[], axes: readonly (number | null)[]) =>
    new Map(
      tensors.map(({ name, dimensions }, index): [string, Dimension[]] => [
        name,
        dimensions.map((dimension, axis) => (axis === axes[index] ? symbol : dimension)),
      ]),
    );
  return { inputs: freed(inputs, inputAxes), outputs: outputAxes ? freed(outputs, outputAxes) : new Map() };
}
