import { DATATYPES, type Datatype, type Signature } from '../../inference-image/src/contract/signature';
import { clientSource } from '../../lib/client/client-source';

/** The text of a client of a model that nobody has. */
export function clientOf(name: string, signature: Signature): string {
  return clientSource({ name, version: '2', sha256: 'f'.repeat(64), signature }, `model-serving client ${name}.onnx`);
}

export const DIGITS: Signature = {
  inputs: [{ name: 'pixels', datatype: 'FP32', dimensions: ['batch', 64] }],
  outputs: [
    { name: 'label', datatype: 'INT64', dimensions: ['batch'] },
    { name: 'probabilities', datatype: 'FP32', dimensions: ['batch', 10] },
  ],
};

/** An input and an output of each datatype: `in_FP32` and `out_FP32`. */
export const EVERY_DATATYPE: Signature = {
  inputs: DATATYPES.map((datatype) => ({ name: `in_${datatype}`, datatype, dimensions: ['n'] })),
  outputs: DATATYPES.map((datatype) => ({ name: `out_${datatype}`, datatype, dimensions: ['n'] })),
};

const odd = (name: string, dimensions: (number | string | null)[], datatype: Datatype = 'FP32') => ({
  name,
  datatype,
  dimensions,
});

/** What ONNX allows as names of tensors and dimensions. */
export const ODD_NAMES: Signature = {
  inputs: [
    odd('scalar', []),
    odd('input:0', [null, 2]),
    odd('0', ['new', 'readonly', 'typeof', 'infer', 'this', 'batch', 'batch']),
    odd("it's", ['height/2', '*/ `${x}`']),
    odd('say "it\'s"', ['línea', '1st', '']),
    odd('a\\b\n*/', [0]),
    odd('__proto__', [1]),
    odd('constructor', [1]),
  ],
  outputs: [
    odd('a_name_that_is_so_long_that_its_type_cannot_stand_on_one_line', ['batch_size', 'sequence_length', 'hidden']),
    odd(
      'even_longer',
      ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(30)),
    ),
    odd('__proto__', [1]),
  ],
};
