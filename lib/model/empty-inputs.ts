import type { ModelManifest } from '../../inference-image/src/contract/model-manifest';
import { operatorName, type Operator } from './onnx-graph';

/**
 * Operators that crash the process in onnxruntime 1.30 on an empty input (`terminate called without an active
 * exception`), found by trials with 0 rows and with 0 steps. RNN does not crash.
 */
const ENDING = ['LSTM', 'GRU', 'com.microsoft:DynamicQuantizeLSTM', 'com.microsoft:AttnLSTM'];

/**
 * Products of quantized matrices: where they sum over no elements, the runtime does not write their result, which then
 * is what the memory held before, such as parts of other answers.
 */
const NOT_WRITING = [
  'MatMulInteger',
  'QLinearMatMul',
  'com.microsoft:MatMulIntegerToFloat',
  'com.microsoft:DynamicQuantizeMatMul',
  'com.microsoft:QGemm',
];

const UNSAFE: ReadonlySet<string> = new Set([...ENDING, ...NOT_WRITING]);

/**
 * Whether the server must keep empty inputs away from a model, and because of which node.
 *
 * @param crashedTrial - whether empty inputs crashed the trial
 */
export function unsafeOnEmptyInput(
  operators: readonly Operator[],
  endsTrial: boolean,
): ModelManifest['unsafeOnEmptyInput'] {
  const found = unsafeOperator(operators);
  if (found) return { node: found.node, operator: operatorName(found) };
  return crashedTrial ? {} : undefined;
}

/** Whether it is known without a trial, which may end a process. */
export function hasUnsafeOperator(operators: readonly Operator[]): boolean {
  return unsafeOperator(operators) !== undefined;
}

function unsafeOperator(operators: readonly Operator[]): Operator | undefined {
  return operators.find((operator) => UNSAFE.has(operatorName(operator)));
}
