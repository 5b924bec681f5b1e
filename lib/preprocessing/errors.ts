import { dimensionsText, type TensorSignature } from '../../inference-image/src/contract/signature';
import type { Problem } from '../errors';
import type { LinkOutside } from '../link-outside';

/** What can be wrong with the declaration of a picture or of classes; `path` is the model file as the user gave it. */
export const preprocessingErrors = {
  fileInvalid: (path: string, reason: string): Problem => ({
    code: 'preprocessing-invalid',
    message: `${path}: this is no declaration of preprocessing: ${reason}. docs/preprocessing.md has an example.`,
  }),

  settingInvalid: (path: string, prop: string, value: unknown, allowed: string): Problem => ({
    code: 'picture-setting-invalid',
    message: `${path}: picture.${prop} is ${JSON.stringify(value) ?? value}. Give ${allowed}.`,
  }),

  settingUnknown: (path: string, prop: string, known: readonly string[]): Problem => ({
    code: 'picture-setting-invalid',
    message: `${path}: picture.${prop} is not a setting. The settings are ${known.join(', ')}.`,
  }),

  inputUnknown: (path: string, name: string, inputs: readonly TensorSignature[]): Problem => ({
    code: 'picture-input-unknown',
    message: `${path}: picture.input is "${name}", and the model takes ${names(inputs)}. Give one of them, or leave it out where there is one.`,
  }),

  severalInputs: (path: string, inputs: readonly TensorSignature[]): Problem => ({
    code: 'picture-input-not-alone',
    message: `${path}: a picture is all that a request brings, and the model takes ${names(inputs)}. Leave picture out and send tensors, or export a model of one input.`,
  }),

  datatype: (path: string, { name, datatype }: TensorSignature): Problem => ({
    code: 'picture-datatype-unsupported',
    message: `${path}: input "${name}" is ${datatype}, and pixels become FP32, FP64 or UINT8. Export the model with a Cast behind an input of one of them.`,
  }),

  scaledBytes: (path: string, { name }: TensorSignature, props: readonly string[]): Problem => ({
    code: 'picture-bytes-scaled',
    message: `${path}: picture.${props.join(', picture.')} would make fractions, and input "${name}" is UINT8. Leave ${props.length > 1 ? 'them' : 'it'} out: the model gets levels from 0 to 255.`,
  }),

  shape: (path: string, { name, dimensions }: TensorSignature, channels: number, layout?: string): Problem => ({
    code: 'picture-shape-unfit',
    message: `${path}: input "${name}" of shape ${dimensionsText(dimensions)} does not take one picture of ${channelsText(channels)}${layout ? ` as ${layout}` : ''}. Give the color and layout that it has: NCHW, NHWC, NHW (gray), CHW, HWC or flat, with 1 or a symbol for N.`,
  }),

  layoutAmbiguous: (path: string, { name, dimensions }: TensorSignature, layouts: readonly string[]): Problem => ({
    code: 'picture-layout-ambiguous',
    message: `${path}: input "${name}" of shape ${dimensionsText(dimensions)} may be ${layouts.join(' or ')}. Give picture.layout.`,
  }),

  sizeMissing: (path: string, { name, dimensions }: TensorSignature, side: 'width' | 'height'): Problem => ({
    code: 'picture-size-missing',
    message: `${path}: input "${name}" of shape ${dimensionsText(dimensions)} has no fixed ${side}. Give picture.${side}, the one that the model was trained with.`,
  }),

  sizeWrong: (
    path: string,
    { name, dimensions }: TensorSignature,
    side: 'width' | 'height',
    given: number,
    declared: number,
  ): Problem => ({
    code: 'picture-size-wrong',
    message: `${path}: picture.${side} is ${given}, and input "${name}" of shape ${dimensionsText(dimensions)} has ${declared}. Leave it out: pictures of other sizes are resized.`,
  }),

  flatSizeMissing: (path: string, { name, dimensions }: TensorSignature): Problem => ({
    code: 'picture-size-missing',
    message: `${path}: input "${name}" of shape ${dimensionsText(dimensions)} does not tell a picture's proportions. Give picture.width and picture.height.`,
  }),

  flatLength: (
    path: string,
    { name, dimensions }: TensorSignature,
    { width, height }: { width?: number; height?: number },
    channels: number,
  ): Problem => ({
    code: 'picture-size-wrong',
    message: `${path}: input "${name}" takes ${dimensions.at(-1)} elements, which ${width ?? '?'} x ${height ?? '?'} pixels of ${channelsText(channels)} do not make. Give the picture.width and picture.height that the model was trained with.`,
  }),

  fileOutside: (path: string, file: string, { link, target }: LinkOutside): Problem => ({
    code: 'classes-file-outside',
    message: `${path}: classes names ${file}, and ${link} is a link to ${target}, outside its folder. Put the file itself there.`,
  }),

  noNames: (path: string): Problem => ({
    code: 'classes-invalid',
    message: `${path}: classes has no names. Give a list with the name of each class, or the path of a file with one a line.`,
  }),

  nameEmpty: (path: string, index: number): Problem => ({
    code: 'classes-invalid',
    message: `${path}: the name of class ${index} is empty. Give each class a name, in the order of the model's output.`,
  }),

  nameTwice: (path: string, name: string, first: number, second: number): Problem => ({
    code: 'classes-invalid',
    message: `${path}: classes ${first} and ${second} are both called "${name}". Give each a name of its own.`,
  }),

  count: (path: string, count: number, { name, dimensions }: TensorSignature, size: number): Problem => ({
    code: 'classes-count-wrong',
    message: `${path}: classes has ${count} names, and output "${name}" of shape ${dimensionsText(dimensions)} has ${size} scores. Give one name for each, in their order.`,
  }),

  outputUnknown: (path: string, name: string, outputs: readonly TensorSignature[]): Problem => ({
    code: 'class-output-unknown',
    message: `${path}: classOutput is "${name}", and the model gives ${names(outputs)}. Give one of them.`,
  }),

  outputAmbiguous: (path: string, outputs: readonly TensorSignature[]): Problem => ({
    code: 'class-output-ambiguous',
    message: `${path}: which output tells the class is not clear: the model gives ${names(outputs)}. Give classOutput.`,
  }),

  outputUnsuitable: (path: string, { name, datatype, dimensions }: TensorSignature): Problem => ({
    code: 'class-output-unsuitable',
    message: `${path}: output "${name}", ${datatype} of shape ${dimensionsText(dimensions)}, does not tell a class. Give as classOutput one of scores (floats, one for each class), of one index (integers) or of one label (text).`,
  }),

  scoresInvalid: (path: string, value: unknown): Problem => ({
    code: 'class-scores-invalid',
    message: `${path}: classScores is ${JSON.stringify(value)}. Give asGiven or softmax.`,
  }),

  scoresOfNothing: (path: string): Problem => ({
    code: 'class-scores-invalid',
    message: `${path}: classScores is given, and neither classes nor classOutput. Give one of them, or leave it out.`,
  }),

  softmaxOfNoScores: (path: string, { name, datatype }: TensorSignature): Problem => ({
    code: 'class-scores-invalid',
    message: `${path}: classScores is softmax, and output "${name}" is ${kindText(datatype)}, not scores. Leave it out.`,
  }),
};

function names(tensors: readonly TensorSignature[]): string {
  return tensors.map(({ name }) => `"${name}"`).join(', ');
}

function channelsText(channels: number): string {
  return channels === 1 ? '1 channel' : `${channels} channels`;
}

function kindText(datatype: TensorSignature['datatype']): string {
  return datatype === 'BYTES' ? 'a label' : 'an index';
}
