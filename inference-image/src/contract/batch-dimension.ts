import type { Signature, TensorSignature } from './signature';

/** The symbol that counts rows, or in words why no dimension does. */
export type BatchDimension = { readonly symbol: string } | { readonly obstacle: string };

/** Rows of requests can be merged where dimension 0 is the same symbol on every input and output. */
export function batchDimension({ inputs, outputs }: Signature): BatchDimension {
  const tensors = [
    ...inputs.map((tensor) => ({ tensor, label: `input "${tensor.name}"` })),
    ...outputs.map((tensor) => ({ tensor, label: `output "${tensor.name}"` })),
  ];
  const symbol = inputs[0]?.dimensions[0];
  for (const { tensor, label } of tensors) {
    const obstacle = obstacleOf(tensor);
    if (obstacle) return { obstacle: `${label} ${obstacle}` };
    const [first] = tensor.dimensions;
    if (first !== symbol) {
      return { obstacle: `input "${inputs[0]?.name}" begins with dimension "${symbol}", ${label} with "${first}"` };
    }
  }
  return typeof symbol === 'string' ? { symbol } : { obstacle: 'there is no input' };
}

/** Why rows cannot be appended to a tensor, whatever the others are. */
function obstacleOf({ dimensions }: TensorSignature): string | undefined {
  const [first] = dimensions;
  if (first === undefined) return 'is a scalar';
  if (first === null) return 'leaves its first dimension unnamed';
  if (typeof first === 'number') return `has a fixed first dimension, ${first}`;
  return undefined;
}
