import { dimensionsText, type TensorSignature } from '../../inference-image/src/contract/signature';
import type { Problem } from '../base/errors';
import type { LinkOutside } from '../base/link-outside';

/** Errors in the declaration of a picture or of classes; `path` is the model file as the user gave it. */
export const preprocessingErrors = {
  fileInvalid: (path: string, reason: string): Problem => ({
    code: 'preprocessing-invalid',
    message: `${path}: this file is not a valid preprocessing declaration: ${reason}. See the example in docs/preprocessing.md.`,
  }),

  settingInvalid: (path: string, prop: string, value: unknown, allowed: string): Problem => ({
    code: 'picture-setting-invalid',
    message: `${path}: picture.${prop} is ${JSON.stringify(value) ?? value}. Use ${allowed}.`,
  }),

  settingUnknown: (path: string, prop: string, known: readonly string[]): Problem => ({
    code: 'picture-setting-invalid',
    message: `${path}: picture.${prop} is not a setting. The settings are ${known.join(', ')}.`,
  }),

  inputUnknown: (path: string, name: string, inputs: readonly TensorSignature[]): Problem => ({
    code: 'picture-input-unknown',
    message: `${path}: picture.input is "${name}", but ${listed('input', inputs)}. Use the name of an input, or remove picture.input if there is only one.`,
  }),

  severalInputs: (path: string, inputs: readonly TensorSignature[]): Problem => ({
    code: 'picture-input-not-alone',
    message: `${path}: a request with a picture provides one input, but ${listed('input', inputs)}. Remove picture and send tensors, or export a model with one input.`,
  }),

  datatype: (path: string, { name, datatype }: TensorSignature): Problem => ({
    code: 'picture-datatype-unsupported',
    message: `${path}: input "${name}" is ${datatype}, but pixels can only be FP32, FP64 or UINT8. Export the model with an input of one of these types, followed by a Cast.`,
  }),

  scaledBytes: (path: string, { name }: TensorSignature, props: readonly string[]): Problem => ({
    code: 'picture-bytes-scaled',
    message: `${path}: picture.${props.join(', picture.')} would produce fractions, but input "${name}" is UINT8. Remove ${props.length > 1 ? 'them' : 'it'}: the model receives levels from 0 to 255.`,
  }),

  shape: (path: string, { name, dimensions }: TensorSignature, channels: number, layout?: string): Problem => ({
    code: 'picture-shape-unfit',
    message: `${path}: input "${name}" of shape ${dimensionsText(dimensions)} does not fit one picture with ${channelsText(channels)}${layout ? ` in the layout ${layout}` : ''}. Set the color and layout that match: NCHW, NHWC, NHW (gray), CHW, HWC or flat, with 1 or a symbol for N.`,
  }),

  layoutAmbiguous: (path: string, { name, dimensions }: TensorSignature, layouts: readonly string[]): Problem => ({
    code: 'picture-layout-ambiguous',
    message: `${path}: input "${name}" of shape ${dimensionsText(dimensions)} may be ${layouts.join(' or ')}. Set picture.layout.`,
  }),

  sizeMissing: (path: string, { name, dimensions }: TensorSignature, side: 'width' | 'height'): Problem => ({
    code: 'picture-size-missing',
    message: `${path}: input "${name}" of shape ${dimensionsText(dimensions)} has no fixed ${side}. Set picture.${side} to the value that the model was trained with.`,
  }),

  sizeWrong: (
    path: string,
    { name, dimensions }: TensorSignature,
    side: 'width' | 'height',
    given: number,
    declared: number,
  ): Problem => ({
    code: 'picture-size-wrong',
    message: `${path}: picture.${side} is ${given}, but input "${name}" of shape ${dimensionsText(dimensions)} has ${side} ${declared}. Remove picture.${side}: pictures of other sizes are resized.`,
  }),

  flatSizeMissing: (path: string, { name, dimensions }: TensorSignature): Problem => ({
    code: 'picture-size-missing',
    message: `${path}: input "${name}" of shape ${dimensionsText(dimensions)} does not determine a picture's proportions. Set picture.width and picture.height.`,
  }),

  flatLength: (
    path: string,
    { name, dimensions }: TensorSignature,
    { width, height }: { width?: number; height?: number },
    channels: number,
  ): Problem => ({
    code: 'picture-size-wrong',
    message: `${path}: input "${name}" has ${dimensions.at(-1)} elements, which does not match ${width ?? '?'} x ${height ?? '?'} pixels with ${channelsText(channels)}. Set picture.width and picture.height to the values that the model was trained with.`,
  }),

  fileOutside: (path: string, file: string, { link, target }: LinkOutside): Problem => ({
    code: 'classes-file-outside',
    message: `${path}: classes is the file ${file}, but ${link} is a link to ${target}, outside its folder. Replace the link with the file itself.`,
  }),

  noNames: (path: string): Problem => ({
    code: 'classes-invalid',
    message: `${path}: classes contains no names. Set it to a list with the name of each class, or to the path of a file with one name per line.`,
  }),

  nameEmpty: (path: string, index: number): Problem => ({
    code: 'classes-invalid',
    message: `${path}: the name of class ${index} is empty. Name every class, in the order of the model's output.`,
  }),

  nameTwice: (path: string, name: string, first: number, second: number): Problem => ({
    code: 'classes-invalid',
    message: `${path}: classes ${first} and ${second} are both called "${name}". Use a different name for each class.`,
  }),

  count: (path: string, count: number, { name, dimensions }: TensorSignature, size: number): Problem => ({
    code: 'classes-count-wrong',
    message: `${path}: classes contains ${count} names, but output "${name}" of shape ${dimensionsText(dimensions)} has ${size} scores. List one name per score, in the same order.`,
  }),

  outputUnknown: (path: string, name: string, outputs: readonly TensorSignature[]): Problem => ({
    code: 'class-output-unknown',
    message: `${path}: classOutput is "${name}", but ${listed('output', outputs)}. Use the name of an output.`,
  }),

  outputAmbiguous: (path: string, outputs: readonly TensorSignature[]): Problem => ({
    code: 'class-output-ambiguous',
    message: `${path}: it is unclear which output contains the class: ${listed('output', outputs)}. Set classOutput to one of them.`,
  }),

  outputUnsuitable: (path: string, { name, datatype, dimensions }: TensorSignature): Problem => ({
    code: 'class-output-unsuitable',
    message: `${path}: output "${name}", ${datatype} of shape ${dimensionsText(dimensions)}, cannot represent a class. Set classOutput to an output that contains scores (floats, one per class), one index (integer) or one label (text).`,
  }),

  scoresInvalid: (path: string, value: unknown): Problem => ({
    code: 'class-scores-invalid',
    message: `${path}: classScores is ${JSON.stringify(value)}. Use asGiven or softmax.`,
  }),

  scoresOfNothing: (path: string): Problem => ({
    code: 'class-scores-invalid',
    message: `${path}: classScores is set, but neither classes nor classOutput is. Set one of them, or remove classScores.`,
  }),

  softmaxOfNoScores: (path: string, { name, datatype }: TensorSignature): Problem => ({
    code: 'class-scores-invalid',
    message: `${path}: classScores is softmax, but output "${name}" is ${kindText(datatype)}, not scores. Remove classScores.`,
  }),
};

function listed(direction: 'input' | 'output', tensors: readonly TensorSignature[]): string {
  const names = tensors.map(({ name }) => `"${name}"`).join(', ');
  return tensors.length === 1 ? `the model's only ${direction} is ${names}` : `the model's ${direction}s are ${names}`;
}

function channelsText(channels: number): string {
  return channels === 1 ? '1 channel' : `${channels} channels`;
}

function kindText(datatype: TensorSignature['datatype']): string {
  return datatype === 'BYTES' ? 'a label' : 'an index';
}
