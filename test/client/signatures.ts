import { DATATYPES } from '../../inference-image/src/contract/constants';
import { type Datatype, type Signature } from '../../inference-image/src/contract/signature';
import { clientSource, type ClientModel } from '../../lib/client/client-source';
import { resolveClassOutput } from '../../lib/preprocessing/class-output';
import { resolvePictureInput } from '../../lib/preprocessing/picture-input';
import type { Preprocessing } from '../../lib/preprocessing/preprocessing-file';

/** Source of a generated client for a model of which only the signature exists. */
export function clientOf(name: string, signature: Signature, declared: Preprocessing = {}): string {
  const path = `${name}.onnx`;
  const model: ClientModel = {
    name,
    version: '2',
    sha256: 'f'.repeat(64),
    signature,
    picture: declared.picture && resolvePictureInput(path, declared.picture, signature).picture,
    classes: resolveClassOutput(path, declared, signature).classes,
  };
  return clientSource(model, `model-serving client ${path}`);
}

export const DIGITS: Signature = {
  inputs: [{ name: 'pixels', datatype: 'FP32', dimensions: ['batch', 64] }],
  outputs: [
    { name: 'label', datatype: 'INT64', dimensions: ['batch'] },
    { name: 'probabilities', datatype: 'FP32', dimensions: ['batch', 10] },
  ],
};

/** Signature with an input and an output of each datatype, such as `in_FP32` and `out_FP32`. */
export const EVERY_DATATYPE: Signature = {
  inputs: DATATYPES.map((datatype) => ({ name: `in_${datatype}`, datatype, dimensions: ['n'] })),
  outputs: DATATYPES.map((datatype) => ({ name: `out_${datatype}`, datatype, dimensions: ['n'] })),
};

const odd = (name: string, dimensions: (number | string | null)[], datatype: Datatype = 'FP32') => ({
  name,
  datatype,
  dimensions,
});

/** Signature with unusual names of tensors and dimensions that ONNX allows. */
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

const NUMERALS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/** Preprocessing with which the digits model accepts pictures of 8 x 8 pixels. */
export const PICTURES: Preprocessing = {
  picture: { color: 'gray', width: 8 },
  classes: NUMERALS,
  classOutput: 'probabilities',
};

/** Models that declare pictures or classes in different ways, and one model that declares neither. */
export const DECLARED: Readonly<Record<string, readonly [Signature, Preprocessing]>> = {
  plain: [DIGITS, {}],
  pictures: [DIGITS, PICTURES],
  'only-pictures': [DIGITS, { picture: { color: 'gray', width: 8 } }],
  'only-classes': [DIGITS, { classes: NUMERALS, classScores: 'softmax' }],
  'no-names': [DIGITS, { classOutput: 'probabilities' }],
  index: [DIGITS, { classes: NUMERALS, classOutput: 'label' }],
  label: [{ inputs: DIGITS.inputs, outputs: [odd('label', ['batch'], 'BYTES')] }, { classes: ["it's", '*/ "'] }],
  'label-without-names': [
    { inputs: DIGITS.inputs, outputs: [odd('*/\n', ['batch'], 'BYTES')] },
    { classOutput: '*/\n' },
  ],
  'hundred-names-of-countries': [scores(100), { classes: countries(100) }],
  'more-names': [scores(101), { classes: countries(101) }],
};

function scores(count: number): Signature {
  return { inputs: DIGITS.inputs, outputs: [odd('scores', ['batch', count])] };
}

function countries(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `Country ${i}`);
}
