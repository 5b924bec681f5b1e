import { dimensionsText } from '../../inference-image/src/contract/signature';
import type { Problem } from '../errors';
import type { LinkOutside } from '../link-outside';
import { elementType } from './element-types';
import {
  operatorName,
  type ExternalTensor,
  type MisfitTensor,
  type NeededLocale,
  type OnnxGraph,
  type Operator,
  type ValueInfo,
} from './onnx-graph';
import { MAX_IR_VERSION, RUNTIME_VERSION } from './runtime-limits';

/** `input` or `output`, in messages. */
export type Direction = 'input' | 'output';

/** What can be wrong with a model; `path` is the model file as the user gave it. */
export const modelErrors = {
  nameInvalid: (path: string, prop: 'name' | 'version', value: string): Problem => ({
    code: prop === 'name' ? 'model-name-invalid' : 'model-version-invalid',
    message: `${path}: model ${prop} "${value}" is not one segment of a URL's path. Give OnnxModel.fromFile ${prop}, or the command ${prop === 'name' ? '--name' : '--model-version'}: at most 128 letters, digits, ".", "_" and "-", the first a letter or a digit.`,
  }),

  fileNotFound: (path: string): Problem => ({
    code: 'file-not-found',
    message: `${path}: there is no such file. A relative path starts at the working directory, ${process.cwd()}.`,
  }),

  notAFile: (path: string): Problem => ({
    code: 'not-a-file',
    message: `${path}: this is a folder or a device. Give the path of a regular file.`,
  }),

  fileUnreadable: (path: string, reason: string): Problem => ({
    code: 'file-unreadable',
    message: `${path}: the file cannot be read: ${reason}. Check its permissions.`,
  }),

  fileLinkCircle: (path: string): Problem => ({
    code: 'file-link-circle',
    message: `${path}: the file cannot be read: its symbolic links lead in a circle. Make the link lead to the file itself.`,
  }),

  fileEmpty: (path: string): Problem => ({
    code: 'file-empty',
    message: `${path}: the file is empty. Export or download it again.`,
  }),

  fileNotUtf8: (path: string, encoding: string): Problem => ({
    code: 'file-not-utf8',
    message: `${path}: the file is ${encoding}. Save it as UTF-8.`,
  }),

  fileChanged: (path: string): Problem => ({
    code: 'file-changed',
    message: `${path}: the file changed while it was read. Synthesize again once it is written.`,
  }),

  gitLfsPointer: (path: string): Problem => ({
    code: 'git-lfs-pointer',
    message: `${path}: this is a Git LFS pointer, not the file it stands for. Run "git lfs pull".`,
  }),

  modelTooLarge: (path: string, sizeBytes: number): Problem => ({
    code: 'model-too-large',
    message: `${path}: ${sizeBytes} bytes are more than a protobuf message can have (2147483647). Keep the weights in a file of their own: onnx.save_model(model, path, save_as_external_data=True).`,
  }),

  notOnnx: (path: string, reason: string): Problem => ({
    code: 'not-onnx',
    message: `${path}: this is not a whole ONNX model: ${reason}. Check that it is the right file, copied or downloaded to its end.`,
  }),

  irVersionUnsupported: (path: string, irVersion: number): Problem => ({
    code: 'ir-version-unsupported',
    message: `${path}: IR version ${irVersion} is newer than onnxruntime ${RUNTIME_VERSION} reads, which is ${MAX_IR_VERSION} at most. Export with an older version of the onnx package, or of its opset.`,
  }),

  opsetMissing: (path: string): Problem => ({
    code: 'opset-missing',
    message: `${path}: the model imports no opset (opset_import), so its operators have no meaning. Export it again.`,
  }),

  opsetUnsupported: (path: string, domain: string, version: number, newest: number): Problem => ({
    code: 'opset-unsupported',
    message: `${path}: opset ${version} of ${domain} is newer than onnxruntime ${RUNTIME_VERSION} reads, which is ${newest} at most. Export with an older opset_version, or convert with onnx.version_converter.`,
  }),

  operatorsUnknown: (path: string, operators: readonly Operator[], domains: readonly string[]): Problem => ({
    code: 'operators-unknown',
    message: `${path}: onnxruntime has no operators ${operators.map(operatorText).join(', ')}; custom operator libraries cannot be loaded. Export the model with operators of ${domains.join(', ')}, and do pre- and post-processing in the client.`,
  }),

  localeMissing: (path: string, { node, locale, isDefault }: NeededLocale): Problem => ({
    code: 'locale-missing',
    message: `${path}: node "${node}" (StringNormalizer) needs the locale "${locale}"${isDefault ? ', its default' : ''}, and the base image has only C, POSIX and C.UTF-8. Export the model with locale "C.UTF-8" (with skl2onnx: options={TfidfVectorizer: {"locale": "C.UTF-8"}}). For a base image that has the locale, runtimeCheck "warn" makes this a warning.`,
  }),

  tensorsTooMany: (path: string, { inputs, outputs }: OnnxGraph, most: number): Problem => ({
    code: 'tensors-too-many',
    message: `${path}: the model has ${inputs.length} inputs and ${outputs.length} outputs, and a server takes ${most} of both together: their names and shapes have 64 KiB in a request. Export it with one tensor of many columns instead of many tensors.`,
  }),

  inputsMissing: (path: string): Problem => ({
    code: 'inputs-missing',
    message: `${path}: the model takes no input: initializers fill all that its graph lists. Export it with at least one input.`,
  }),

  outputsMissing: (path: string): Problem => ({
    code: 'outputs-missing',
    message: `${path}: the model gives no output. Export it with at least one output.`,
  }),

  tensorUnnamed: (path: string, direction: Direction, index: number): Problem => ({
    code: 'tensor-unnamed',
    message: `${path}: ${direction} ${index} has no name, and requests name their tensors. Export with ${direction}_names.`,
  }),

  nameDuplicate: (path: string, what: string, name: string): Problem => ({
    code: 'name-duplicate',
    message: `${path}: ${what} "${name}" is defined more than once. Give each a name of its own.`,
  }),

  notATensor: (path: string, direction: Direction, value: ValueInfo): Problem => ({
    code: 'not-a-tensor',
    message: `${path}: ${direction} "${value.name}" is of type ${value.elements ? `${value.kind} of ${value.elements}` : value.kind}, and onnxruntime-node carries tensors only. ${tensorRemedy(direction, value)}`,
  }),

  elementTypeUnsupported: (path: string, direction: Direction, { name, elementType: code }: ValueInfo): Problem => ({
    code: 'element-type-unsupported',
    message: `${path}: ${direction} "${name}" is of ${elementType(code).name}, which onnxruntime-node cannot carry. Export the model with a Cast there, so that its ${direction} is of float32, or of an integer type of 8 bits or more.`,
  }),

  shapeUnknown: (path: string, direction: Direction, name: string): Problem => ({
    code: 'shape-unknown',
    message: `${path}: ${direction} "${name}" has no shape, not even a rank, so it cannot be described to clients. ${
      direction === 'input'
        ? 'Export it with a shape (unknown sizes may stay symbols).'
        : 'Save what onnx.shape_inference.infer_shapes(model) returns, or export it with a shape.'
    }`,
  }),

  tensorSizeWrong: (path: string, { name, expectedBytes, actualBytes }: MisfitTensor): Problem => ({
    code: 'tensor-size-wrong',
    message: `${path}: tensor "${name}" has ${actualBytes} bytes where its type and shape make ${expectedBytes}. The file is damaged: export or download it again.`,
  }),

  externalLocationInvalid: (path: string, { name, location }: ExternalTensor): Problem => ({
    code: 'external-data-location-invalid',
    message: `${path}: tensor "${name}" is stored in "${location}", which is not a path inside the model's folder. Save the model again with a relative location, forward slashes and no "..".`,
  }),

  externalLocationReserved: (path: string, { name, location }: ExternalTensor, reserved: string): Problem => ({
    code: 'external-data-location-reserved',
    message: `${path}: tensor "${name}" is stored in "${location}", and an image keeps a file of its own as ${reserved}. Save the model again with another location, such as "weights.bin".`,
  }),

  externalDataOutside: (
    path: string,
    { name, location }: ExternalTensor,
    file: string,
    { link, target }: LinkOutside,
  ): Problem => ({
    code: 'external-data-outside',
    message: `${path}: tensor "${name}" is stored in "${location}", ${link === file ? 'a' : `behind ${link}, a`} link to ${target}, outside the model's folder. Put the file itself there.`,
  }),

  externalDataMissing: (path: string, { name, location }: ExternalTensor, file: string): Problem => ({
    code: 'external-data-missing',
    message: `${path}: tensor "${name}" is stored in "${location}", and there is no file ${file}. Copy it there, beside the model.`,
  }),

  externalDataTruncated: (path: string, tensor: ExternalTensor, neededBytes: number, sizeBytes: number): Problem => ({
    code: 'external-data-truncated',
    message: `${path}: tensor "${tensor.name}" ends at byte ${neededBytes} of "${tensor.location}", which has ${sizeBytes}. The file is cut short: export or download it again.`,
  }),

  externalLengthWrong: (path: string, { name, lengthBytes, expectedBytes }: ExternalTensor): Problem => ({
    code: 'external-data-length-wrong',
    message: `${path}: tensor "${name}" has a length of ${lengthBytes} bytes where its type and shape make ${expectedBytes}. The model is damaged: export it again.`,
  }),

  modelNotLoadable: (path: string, reason: string, remedy: string): Problem => ({
    code: 'model-not-loadable',
    message: `${path}: onnxruntime ${RUNTIME_VERSION} does not load this model: ${reason}. ${remedy}`,
  }),

  /** @param reason - why no run showed the shape */
  shapeContradicted: (path: string, output: ValueInfo, reason: string): Problem => ({
    code: 'shape-contradicted',
    message: `${path}: output "${output.name}" is declared as ${dimensionsText(output.dimensions ?? [])}, and onnxruntime infers another shape from the graph. No run with made-up inputs shows which: ${reason}. Export the model with the shape that it gives.`,
  }),

  runtimeUnavailable: (path: string, reason: string): Problem => ({
    code: 'runtime-unavailable',
    message: `${path}: the model was not loaded for a check, since onnxruntime-node does not run here: ${reason}. Synthesize where it runs (glibc, macOS or Windows), or set runtimeCheck to "warn" or "skip".`,
  }),
};

function operatorText(operator: Operator): string {
  return `${operatorName(operator)} (node "${operator.node}")`;
}

function tensorRemedy(direction: Direction, { kind, elements }: ValueInfo): string {
  const isInput = direction === 'input';
  if (elements === 'tensors') {
    return isInput
      ? 'Export it with an input for each tensor, or with one tensor that SplitToSequence splits.'
      : 'Export it with an output for each tensor, or with one tensor that ConcatFromSequence makes of them.';
  }
  if (elements === 'sequences') return `Export it with an ${direction} for each tensor.`;
  if (kind !== 'sequence' && kind !== 'map') return 'Export it as a tensor.';
  return isInput
    ? 'Export the model without the step that takes it, such as a DictVectorizer, and with a tensor in its place.'
    : 'With skl2onnx, convert with options={"zipmap": False}; else export it as a tensor.';
}
