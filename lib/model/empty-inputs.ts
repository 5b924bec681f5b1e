import type { ModelManifest } from '../../inference-image/src/contract/model-manifest';
import { operatorName, type Operator } from './onnx-graph';

/**
 * Operators of an empty input of which onnxruntime 1.30 ends the process (`terminate called without an active
 * exception`): tried with 0 rows, and with 0 steps. RNN is none of them.
 */
const ENDING: ReadonlySet<string> = new Set([
  'LSTM',
  'GRU',
  'com.microsoft:DynamicQuantizeLSTM',
  'com.microsoft:AttnLSTM',
]);

/** The first node of which the server must keep empty inputs away. */
export function endingOnEmptyInput(operators: readonly Operator[]): ModelManifest['endsOnEmptyInput'] {
  const found = operators.find((operator) => ENDING.has(operatorName(operator)));
  return found && { node: found.node, operator: operatorName(found) };
}
