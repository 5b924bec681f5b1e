import { dimensionsText } from '../../inference-image/src/contract/signature';
import type { Problem } from '../base/errors';
import type { LinkOutside } from '../base/link-outside';
import { elementType } from '../onnx/element-types';
import { type ExternalTensor, type WrongSizeTensor, type NeededLocale, type OnnxGraph } from './onnx-graph';
import { operatorName, type Operator } from '../onnx/decoded-model';
import { type ValueInfo } from '../onnx/value-info';
import { MAX_IR_VERSION, RUNTIME_VERSION } from './runtime-limits';

/** `input` or `output`, in messages. */
export type Direction = 'input' | 'output';

/** Problems with a model; `path` is the path of the model file as the user gave it. */
export const modelErrors = {
  nameInvalid: (path: string, prop: 'name' | 'version', value: string): Problem => ({
    code: prop === 'name' ? 'model-name-invalid' : 'model-version-invalid',
    message: `${path}: model ${prop} "${value}" is not a valid URL path segment. Set ${prop} of OnnxModel.fromFile, or the option ${prop === 'name' ? '--name' : '--model-version'} of the command, to at most 128 letters, digits, ".", "_" and "-", starting with a letter or digit.`,
  }),

  modelTooLarge: (path: string, sizeBytes: number): Problem => ({
    code: 'model-too-large',
    message: `${path}: the file is ${sizeBytes} bytes long, but a protobuf message can be at most 2147483647 bytes long. Store the weights in a separate file: onnx.save_model(model, path, save_as_external_data=True).`,
  }),

  notOnnx: (path: string, reason: string): Problem => ({
    code: 'not-onnx',
    message: `${path}: this is not a complete ONNX model: ${reason}. Check that it is the right file and that it was copied or downloaded completely.`,
  }),

  irVersionUnsupported: (path: string, irVersion: number): Problem => ({
    code: 'ir-version-unsupported',
    message: `${path}: the model has IR version ${irVersion}, but onnxruntime ${RUNTIME_VERSION} supports at most ${MAX_IR_VERSION}. Export it with an older version of the onnx package, or with an older opset.`,
  }),

  opsetMissing: (path: string): Problem => ({
    code: 'opset-missing',
    message: `${path}: the model imports no opset (opset_import), so its operators are undefined. Export it again.`,
  }),

  opsetUnsupported: (path: string, domain: string, version: number, newest: number): Problem => ({
    code: 'opset-unsupported',
    message: `${path}: the model uses opset ${version} of ${domain}, but onnxruntime ${RUNTIME_VERSION} supports at most ${newest}. Export it with an older opset_version, or convert it with onnx.version_converter.`,
  }),

  operatorsUnknown: (path: string, operators: readonly Operator[], domains: readonly string[]): Problem => ({
    code: 'operators-unknown',
    message: `${path}: onnxruntime does not implement the operators ${operators.map(operatorText).join(', ')}, and the server cannot load custom operator libraries. Export the model using only operators from ${domains.join(', ')}, and move pre- and post-processing to the client.`,
  }),

  localeMissing: (path: string, { node, locale, isDefault }: NeededLocale): Problem => ({
    code: 'locale-missing',
    message: `${path}: node "${node}" (StringNormalizer) needs the locale "${locale}"${isDefault ? ', its default' : ''}, but the base image has only C, POSIX and C.UTF-8. Export the model with locale "C.UTF-8" (with skl2onnx: options={TfidfVectorizer: {"locale": "C.UTF-8"}}). If your base image has the locale, set runtimeCheck to "warn" to make this a warning.`,
  }),

  trainingMode: (path: string, node: string): Problem => ({
    code: 'training-mode',
    message: `${path}: node "${node}" (BatchNormalization) is in training mode, so the runtime overwrites its mean and variance in each run, and responses can depend on earlier requests. Export the model in evaluation mode (with PyTorch, call model.eval() first). To serve it anyway, set runtimeCheck to "warn".`,
  }),

  tensorsTooMany: (path: string, { inputs, outputs }: OnnxGraph, most: number): Problem => ({
    code: 'tensors-too-many',
    message: `${path}: the model has ${inputs.length} inputs and ${outputs.length} outputs, but the server supports at most ${most} in total, because a request can use only 64 KiB for their names and shapes. Export the model with one tensor of many columns instead of many tensors.`,
  }),

  inputsMissing: (path: string): Problem => ({
    code: 'inputs-missing',
    message: `${path}: the model has no input that a request can set. Export it with at least one input that no initializer sets.`,
  }),

  outputsMissing: (path: string): Problem => ({
    code: 'outputs-missing',
    message: `${path}: the model has no outputs. Export it with at least one output.`,
  }),

  tensorUnnamed: (path: string, direction: Direction, index: number): Problem => ({
    code: 'tensor-unnamed',
    message: `${path}: ${direction} ${index} has no name, but requests refer to tensors by name. Export the model with a name for each ${direction} (${direction}_names of torch.onnx.export).`,
  }),

  nameDuplicate: (path: string, what: string, name: string): Problem => ({
    code: 'name-duplicate',
    message: `${path}: ${what} "${name}" is defined more than once. Export the model with unique names.`,
  }),

  notATensor: (path: string, direction: Direction, value: ValueInfo): Problem => ({
    code: 'not-a-tensor',
    message: `${path}: ${direction} "${value.name}" is of type ${value.elements ? `${value.kind} of ${value.elements}` : value.kind}, but onnxruntime-node supports only tensors. ${tensorRemedy(direction, value)}`,
  }),

  elementTypeUnsupported: (path: string, direction: Direction, { name, elementType: code }: ValueInfo): Problem => ({
    code: 'element-type-unsupported',
    message: `${path}: ${direction} "${name}" has element type ${elementType(code).name}, which onnxruntime-node does not support. Export the model with a Cast, so that this ${direction} is float32 or an integer type of at least 8 bits.`,
  }),

  shapeUnknown: (path: string, direction: Direction, name: string): Problem => ({
    code: 'shape-unknown',
    message: `${path}: ${direction} "${name}" has no shape, not even a rank, so the server cannot describe it to clients. ${
      direction === 'input'
        ? 'Export it with a shape; unknown sizes may be symbols.'
        : 'Save the result of onnx.shape_inference.infer_shapes(model), or export the model with a shape.'
    }`,
  }),

  tensorSizeWrong: (path: string, { name, expectedBytes, actualBytes }: WrongSizeTensor): Problem => ({
    code: 'tensor-size-wrong',
    message: `${path}: tensor "${name}" has ${actualBytes} bytes, but its type and shape require ${expectedBytes}. The file is damaged; export or download it again.`,
  }),

  externalLocationInvalid: (path: string, { name, location }: ExternalTensor): Problem => ({
    code: 'external-data-location-invalid',
    message: `${path}: tensor "${name}" is stored in "${location}", which is not a path inside the model's folder. Save the model again with a relative location that uses forward slashes and contains no "..".`,
  }),

  externalLocationReserved: (path: string, { name, location }: ExternalTensor, reserved: string): Problem => ({
    code: 'external-data-location-reserved',
    message: `${path}: tensor "${name}" is stored in "${location}", but the image reserves ${reserved} for its own files. Save the model again with another location, such as "weights.bin".`,
  }),

  externalDataOutside: (path: string, { name, location }: ExternalTensor, { link, target }: LinkOutside): Problem => ({
    code: 'external-data-outside',
    message: `${path}: tensor "${name}" is stored in "${location}", but ${link} is a link to ${target}, outside the model's folder. Replace the link with the file itself.`,
  }),

  externalDataMissing: (path: string, { name, location }: ExternalTensor, file: string): Problem => ({
    code: 'external-data-missing',
    message: `${path}: tensor "${name}" is stored in "${location}", but ${file} does not exist. Copy the file there.`,
  }),

  externalDataTruncated: (path: string, tensor: ExternalTensor, neededBytes: number, sizeBytes: number): Problem => ({
    code: 'external-data-truncated',
    message: `${path}: tensor "${tensor.name}" ends at byte ${neededBytes} of "${tensor.location}", but the file has only ${sizeBytes} bytes. The file is truncated; export or download it again.`,
  }),

  externalLengthWrong: (path: string, { name, lengthBytes, expectedBytes }: ExternalTensor): Problem => ({
    code: 'external-data-length-wrong',
    message: `${path}: tensor "${name}" has a length of ${lengthBytes} bytes, but its type and shape require ${expectedBytes}. The model is damaged; export it again.`,
  }),

  modelNotLoadable: (path: string, reason: string, remedy: string): Problem => ({
    code: 'model-not-loadable',
    message: `${path}: onnxruntime ${RUNTIME_VERSION} cannot load this model: ${reason}. ${remedy}`,
  }),

  /** @param reason - why no run showed the actual shape */
  shapeContradicted: (path: string, output: ValueInfo, reason: string): Problem => ({
    code: 'shape-contradicted',
    message: `${path}: output "${output.name}" is declared as ${dimensionsText(output.dimensions ?? [])}, but onnxruntime infers a different shape from the graph. No run with generated inputs showed the actual shape: ${reason}. Export the model with its actual shape.`,
  }),

  runtimeUnavailable: (path: string, reason: string): Problem => ({
    code: 'runtime-unavailable',
    message: `${path}: cannot check that the model loads, because onnxruntime-node does not run on this machine: ${reason}. Synthesize on Linux with glibc, macOS or Windows, or set runtimeCheck to "warn" or "skip".`,
  }),
};

function operatorText(operator: Operator): string {
  return `${operatorName(operator)} (node "${operator.node}")`;
}

function tensorRemedy(direction: Direction, { kind, elements }: ValueInfo): string {
  const isInput = direction === 'input';
  if (elements === 'tensors') {
    return isInput
      ? 'Export it with one input for each tensor, or with a single tensor that SplitToSequence splits.'
      : 'Export it with one output for each tensor, or combine them into a single tensor with ConcatFromSequence.';
  }
  if (elements === 'sequences') return `Export it with an ${direction} for each tensor.`;
  if (kind !== 'sequence' && kind !== 'map') return 'Export it as a tensor.';
  return isInput
    ? 'Export the model without the step that consumes it, such as a DictVectorizer, and with a tensor input instead.'
    : 'With skl2onnx, convert with options={"zipmap": False}; with other tools, export it as a tensor.';
}
