import type { ModelManifest } from '../../inference-image/src/contract/model-manifest';
import { operatorName, type Operator } from './onnx-graph';

/**
 * Operators that crash the process in onnxruntime 1.30 on an empty input (`terminate called without an active
 * exception`), found by trials with 0 rows and with 0 steps. RNN does not crash.
 */
const CRASHING: ReadonlySet<string> = new Set([
  'LSTM',
  'GRU',
  'com.microsoft:DynamicQuantizeLSTM',
  'com.microsoft:AttnLSTM',
]);

/**
 * Whether the server must reject empty inputs for a model, and the node that cannot handle them.
 *
 * @param crashedTrial - whether empty inputs crashed the trial
 */
export function crashOnEmptyInput(
  operators: readonly Operator[],
  crashedTrial: boolean,
): ModelManifest['endsOnEmptyInput'] {
  const found = crashingOperator(operators);
  if (found) return { node: found.node, operator: operatorName(found) };
  return crashedTrial ? {} : undefined;
}

/** Whether a model is known to crash on empty inputs, so that no trial is needed. */
export function hasCrashingOperator(operators: readonly Operator[]): boolean {
  return crashingOperator(operators) !== undefined;
}

function crashingOperator(operators: readonly Operator[]): Operator | undefined {
  return operators.find((operator) => CRASHING.has(operatorName(operator)));
}
