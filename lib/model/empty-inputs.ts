import type { ModelManifest } from '../../inference-image/src/contract/model-manifest';
import { operatorName, type Operator } from './onnx-graph';

/**
 * Operators that make onnxruntime 1.30 end the process on an empty input (`terminate called without an active
 * exception`): tried with 0 rows, and with 0 steps. RNN does not.
 */
const ENDING: ReadonlySet<string> = new Set([
  'LSTM',
  'GRU',
  'com.microsoft:DynamicQuantizeLSTM',
  'com.microsoft:AttnLSTM',
]);

/**
 * Whether the server must keep empty inputs away from a model, and from which node.
 *
 * @param endsTrial - whether empty inputs have ended the process that ran the model
 */
export function endingOnEmptyInput(
  operators: readonly Operator[],
  endsTrial: boolean,
): ModelManifest['endsOnEmptyInput'] {
  const found = endingOperator(operators);
  if (found) return { node: found.node, operator: operatorName(found) };
  return endsTrial ? {} : undefined;
}

/** Whether it is known without a trial, which would end a process. */
export function hasEndingOperator(operators: readonly Operator[]): boolean {
  return endingOperator(operators) !== undefined;
}

function endingOperator(operators: readonly Operator[]): Operator | undefined {
  return operators.find((operator) => ENDING.has(operatorName(operator)));
}
