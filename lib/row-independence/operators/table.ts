import { attention } from './attention';
import type { Operators, Transfer } from './call';
import { controlFlow } from './control-flow';
import { convolutions, pooling } from './convolution';
import { creation } from './creation';
import { elementwise } from './elementwise';
import { fused } from './fused';
import { indexing } from './indexing';
import { joining } from './joining';
import { linear } from './linear';
import { machineLearning, text } from './ml';
import { quantization } from './quantization';
import { recurrence } from './recurrent';
import { reduction } from './reduction';
import { repeating } from './repeating';
import { reshaping } from './reshaping';
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
      creation,
      reshaping,
      repeating,
      joining,
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
