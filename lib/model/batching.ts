import { batchDimension } from '../../inference-image/src/contract/batch-dimension';
import type { Signature } from '../../inference-image/src/contract/signature';
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

/** As the server has it from the signature alone, and what only the graph shows. */
export function batchingOf(signature: Signature, operators: readonly Operator[]): Batching {
  const dimension = batchDimension(signature);
  if ('obstacle' in dimension) return { possible: false, reason: dimension.obstacle };
  const across = operators.find((operator) => ACROSS_ROWS.has(operatorName(operator)));
  if (!across) return { possible: true };
  return { possible: true, caution: `node "${across.node}" (${across.type}) scales over all rows of a batch at once` };
}
