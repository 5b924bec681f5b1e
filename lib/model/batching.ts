import type { Signature, TensorSignature } from '../../inference-image/src/contract/signature';
import { operatorName, type Operator } from './onnx-graph';

/** Whether requests may share a run, and why not. */
export type Batching =
  | {
      readonly possible: true;
      /** Why it should not happen unless asked for. */
      readonly caution?: string;
    }
  | { readonly possible: false; readonly reason: string };

/** Operators that scale over all rows at once, so that one row changes the others. */
const ACROSS_ROWS: ReadonlySet<string> = new Set([
  'DynamicQuantizeLinear',
  'com.microsoft:DynamicQuantizeMatMul',
  'com.microsoft:DynamicQuantizeLSTM',
]);

/** From the names of dimensions, and what only the graph shows. */
export function batchingOf(signature: Signature, operators: readonly Operator[]): Batching {
  const reason = obstacleIn(signature);
  if (reason !== undefined) return { possible: false, reason };
  const across = operators.find((operator) => ACROSS_ROWS.has(operatorName(operator)));
  if (!across) return { possible: true };
  return { possible: true, caution: `node "${across.node}" (${across.type}) scales over all rows of a batch at once` };
}

function obstacleIn({ inputs, outputs }: Signature): string | undefined {
  const tensors = [
    ...inputs.map((tensor) => ({ tensor, label: `input "${tensor.name}"` })),
    ...outputs.map((tensor) => ({ tensor, label: `output "${tensor.name}"` })),
  ];
  const symbol = inputs[0]?.dimensions[0];
  for (const { tensor, label } of tensors) {
    const obstacle = obstacleOf(tensor);
    if (obstacle) return `${label} ${obstacle}`;
    const [first] = tensor.dimensions;
    if (first !== symbol)
      return `input "${inputs[0]?.name}" begins with dimension "${symbol}", ${label} with "${first}"`;
  }
  return typeof symbol === 'string' ? undefined : 'there is no input';
}

function obstacleOf({ dimensions }: TensorSignature): string | undefined {
  const [first] = dimensions;
  if (first === undefined) return 'is a scalar';
  if (first === null) return 'leaves its first dimension unnamed';
  if (typeof first === 'number') return `has a fixed first dimension, ${first}`;
  return undefined;
}
