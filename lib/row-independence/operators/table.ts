import type { Operators, Transfer } from '../call';
import { controlFlow } from '../control-flow';
import { attention } from './attention';
import { convolutions, pooling } from './convolution';
import { elementwise } from './elementwise';
import { indexing } from './indexing';
import { layout } from './layout';
import { linear } from './linear';
import { machineLearning, text } from './ml';
import { fused } from './fused';
import { quantization } from './quantization';
import { recurrence } from './recurrent';
import { reduction } from './reduction';
import { resizing } from './resizing';
import { sequences } from './sequence';
import { signal } from './signal';
import { slicing } from './slicing';

/** Rules of all supported operators, by domain. */
const TABLE: ReadonlyMap<string, ReadonlyMap<string, Transfer>> = new Map([
  [
    'ai.onnx',
    table(
      elementwise,
      layout,
      slicing,
      indexing,
      reduction,
      linear,
      convolutions,
      pooling,
      resizing,
      recurrence,
      quantization,
      attention.onnx,
      sequences,
      signal,
      text,
      controlFlow,
    ),
  ],
  ['ai.onnx.ml', table(machineLearning)],
  ['com.microsoft', table(attention.microsoft, fused)],
]);

function table(...families: Operators[]): ReadonlyMap<string, Transfer> {
  return new Map(families.flatMap((family) => Object.entries(family)));
}

export function transferOf(domain: string, operator: string): Transfer | undefined {
  return TABLE.get(domain)?.get(operator);
}
