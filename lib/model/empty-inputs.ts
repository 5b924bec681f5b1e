import type { ModelManifest } from '../../inference-image/src/contract/model-manifest';
import { type OnnxGraph } from './onnx-graph';
import { operatorName, type Operator } from '../onnx/decoded-model';

/**
 * Operators that crash the process in onnxruntime 1.30 if an input is empty (`terminate called without an active
 * exception`, or a division by zero in TopK). They were found by trials with 0 rows and with 0 steps. RNN does not crash.
 */
const CRASHING = ['LSTM', 'GRU', 'TopK', 'com.microsoft:DynamicQuantizeLSTM', 'com.microsoft:AttnLSTM'];

/**
 * Operators that sum products of integers. If the summed axis is empty, the runtime does not write the result, which
 * then contains uninitialized memory, possibly parts of other responses.
 */
const UNWRITTEN = [
  'MatMulInteger',
  'ConvInteger',
  'QLinearMatMul',
  'com.microsoft:MatMulIntegerToFloat',
  'com.microsoft:DynamicQuantizeMatMul',
  'com.microsoft:QGemm',
];

const UNSAFE: ReadonlySet<string> = new Set([...CRASHING, ...UNWRITTEN]);

/**
 * Whether the server must reject empty inputs for a model, and the node that cannot handle them.
 *
 * @param crashedTrial - whether empty inputs crashed the trial
 */
export function unsafeOnEmptyInput(
  { operators, unwrittenIfEmpty }: Pick<OnnxGraph, 'operators' | 'unwrittenIfEmpty'>,
  crashedTrial: boolean,
): ModelManifest['unsafeOnEmptyInput'] {
  const found = unsafeOperator(operators);
  if (found) return { node: found.node, operator: operatorName(found) };
  if (crashedTrial) return {};
  return unwrittenIfEmpty && { ...unwrittenIfEmpty, unless: [...unwrittenIfEmpty.unless] };
}

/** Whether the operators alone show that empty inputs are unsafe, so that no trial is needed. */
export function hasUnsafeOperator(operators: readonly Operator[]): boolean {
  return unsafeOperator(operators) !== undefined;
}

function unsafeOperator(operators: readonly Operator[]): Operator | undefined {
  return operators.find((operator) => UNSAFE.has(operatorName(operator)));
}
