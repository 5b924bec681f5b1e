import { dirname, join } from 'node:path';
import { namedFiles, type GoldenFile, type GoldenTensor } from '../../inference-image/src/contract/golden';
import { GOLDEN_FILE, RESERVED_FILES } from '../../inference-image/src/contract/model-manifest';
import {
  dimensionsText,
  elementCount,
  shapeFits,
  type Signature,
  type TensorSignature,
} from '../../inference-image/src/contract/signature';
import { parseCommittedFile } from '../base/committed-file';
import { collect, ModelServingError, type Problem } from '../base/errors';
import { foldersBeside, linkOutside } from '../base/link-outside';
import type { Direction } from '../model/errors';
import { isThere, readingFile, sourceFile, sourceText, type SourceFile } from '../base/source-file';
import { type Golden, goldenErrors } from './errors';

/**
 * Reads golden examples and checks their form with JSON.parse: only the container needs exact 64-bit integers.
 *
 * @throws ModelServingError `golden-not-json`, `golden-half-written`, `golden-invalid`, `golden-file-missing`,
 * `golden-file-outside`, and the errors of `sourceText`
 */
export function readGoldenFile(path: string): Golden {
  const text = sourceText(GOLDEN_FILE, path);
  const { examples } = parseCommittedFile<GoldenFile>(text, {
    name: 'golden-form 2',
    loadSchema: () =>
      (
        require('../../inference-image/src/contract/schemas') as typeof import('../../inference-image/src/contract/schemas')
      ).goldenFileSchema,
    notJson: (reason) =>
      isCutShort(text.content, reason) ? goldenErrors.halfWritten(path) : goldenErrors.notJson(path, reason),
    invalid: (where, reason) => goldenErrors.invalid(path, where, reason),
  });
  const problems: Problem[] = [];
  const others = namedFiles(examples).flatMap((name) => collect(problems, () => namedFile(path, name)) ?? []);
  ModelServingError.throwIfAny(problems);
  return { path, files: [text.file, ...others], examples };
}

/** Whether the text is JSON that was cut off, so that the parser fails only at its end. */
function isCutShort(text: string, reason: string): boolean {
  const position = Number(/at position (\d+)/.exec(reason)?.[1] ?? NaN);
  return /end of JSON input|Unterminated string/.test(reason) || position >= text.trimEnd().length;
}

function namedFile(path: string, name: string): SourceFile {
  if (isSamePath(name, GOLDEN_FILE)) throw new ModelServingError([goldenErrors.fileReserved(path, name)]);
  refuseLinkOutside(path, name);
  return sourceFile(name, join(dirname(path), name));
}

/**
 * Refuses a named file that does not exist, or that is a link to a place outside the folder of `path`.
 *
 * @param path - path of the golden examples or the request that names the file
 * @throws ModelServingError `golden-file-missing`, `golden-file-outside`
 */
export function refuseLinkOutside(path: string, name: string): void {
  const file = join(dirname(path), name);
  if (!isThere(file)) throw new ModelServingError([goldenErrors.fileMissing(path, name)]);
  const outside = readingFile(file, () => linkOutside(dirname(path), name, foldersBeside(path)));
  if (outside) throw new ModelServingError([goldenErrors.fileOutside(path, outside)]);
}

/**
 * Compares the examples with the model's signature.
 * @param takesPictures - whether the model declares a picture input
 * @param isReproduced - whether the model reproduces these responses, so that their shapes need not fit its signature
 */
export function checkGolden(
  { path, files, examples }: Golden,
  signature: Signature,
  takesPictures: boolean,
  isReproduced = false,
): Problem[] {
  return examples.flatMap(({ name, request, picture, response }) => {
    const inputs = request?.inputs ?? [];
    const { outputs } = response;
    const mismatches = [
      ...inputs.flatMap((tensor) => tensorProblems('input', tensor, inputs, signature.inputs, files)),
      ...(request ? missing(inputs, signature.inputs) : []),
      ...unequalSymbols(inputs, signature.inputs),
      ...outputs.flatMap((tensor) => tensorProblems('output', tensor, outputs, signature.outputs, files, isReproduced)),
    ];
    return [
      ...(picture !== undefined && !takesPictures ? [goldenErrors.pictureUndeclared(path, name, picture)] : []),
      ...mismatches.map((what) => goldenErrors.mismatch(path, name, what)),
      ...inputs.filter(isFp16).map((tensor) => goldenErrors.fp16(path, name, 'input', tensor.name)),
      ...outputs.filter(isFp16).map((tensor) => goldenErrors.fp16(path, name, 'output', tensor.name)),
    ];
  });
}

/** Finds files of golden examples that would replace the image's own files or folders. */
export function checkReservedFiles(
  { path, files }: { readonly path: string; readonly files: readonly { readonly path: string }[] },
  weights: readonly SourceFile[],
): Problem[] {
  const reserved = [...RESERVED_FILES, ...weights.map((file) => file.path)];
  const isInTheWay = (file: string) =>
    reserved.some((other) => isSamePath(file, other) || isSamePath(file.slice(0, other.length + 1), `${other}/`));
  return files
    .filter((file) => file.path !== GOLDEN_FILE && isInTheWay(file.path))
    .map((file) => goldenErrors.fileReserved(path, file.path));
}

/** Whether two paths are the same file on a system that ignores case. */
function isSamePath(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function tensorProblems(
  direction: Direction,
  tensor: GoldenTensor,
  all: readonly GoldenTensor[],
  signature: readonly TensorSignature[],
  files: readonly SourceFile[],
  hasAnyShape = false,
): string[] {
  const { name, datatype, shape } = tensor;
  const label = `${direction} "${name}"`;
  const declared = signature.find((tensor) => tensor.name === name);
  if (!declared) return [`the model has no ${label}; its ${direction}s are ${names(signature)}`];
  if (all.filter((tensor) => tensor.name === name).length > 1) return [`${label} appears twice`];
  if (datatype !== declared.datatype) return [`${label} is ${datatype}, but the model declares ${declared.datatype}`];
  if (!hasAnyShape && !shapeFits(shape, declared)) {
    return [
      `${label} has shape ${dimensionsText(shape)}, but the model declares ${dimensionsText(declared.dimensions)}`,
    ];
  }
  return wrongAmount(tensor, files).map((what) => `${label} has ${what}`);
}

/** Compares the number of elements with the shape. Strings in a file are counted only when the examples run. */
function wrongAmount({ datatype, shape, data, file }: GoldenTensor, files: readonly SourceFile[]): string[] {
  const needed = elementCount(shape);
  if (data) {
    const elements: readonly unknown[] = data.flat(Math.max(0, shape.length - 1));
    if (elements.some(Array.isArray)) return ['data that is nested deeper than its shape allows'];
    const given = elements.length;
    return given === needed ? [] : [`${given} elements of data, but its shape needs ${needed}`];
  }
  const bytesEach = ELEMENT_BYTES[datatype];
  const given = files.find(({ path }) => path === file)?.sizeBytes;
  if (bytesEach === undefined || given === needed * bytesEach) return [];
  return [`${given} bytes in ${file}, but its shape needs ${needed * bytesEach}`];
}

/** Bytes per element, as in the protocol's binary data. Strings have no fixed size. */
const ELEMENT_BYTES: Partial<Record<GoldenTensor['datatype'], number>> = {
  BOOL: 1,
  UINT8: 1,
  INT8: 1,
  UINT16: 2,
  INT16: 2,
  FP16: 2,
  UINT32: 4,
  INT32: 4,
  FP32: 4,
  UINT64: 8,
  INT64: 8,
  FP64: 8,
};

function missing(given: readonly GoldenTensor[], signature: readonly TensorSignature[]): string[] {
  return signature
    .filter(({ name }) => !given.some((tensor) => tensor.name === name))
    .map(({ name }) => `input "${name}" is missing`);
}

/** Finds symbols that would have more than one size within a request. */
function unequalSymbols(given: readonly GoldenTensor[], signature: readonly TensorSignature[]): string[] {
  const sizes = new Map<string, Set<number>>();
  for (const { name, shape } of given) {
    const dimensions = signature.find((tensor) => tensor.name === name)?.dimensions ?? [];
    dimensions.forEach((dimension, axis) => {
      const size = shape[axis];
      if (typeof dimension !== 'string' || size === undefined) return;
      sizes.set(dimension, (sizes.get(dimension) ?? new Set()).add(size));
    });
  }
  return [...sizes]
    .filter(([, seen]) => seen.size > 1)
    .map(([symbol, seen]) => `its inputs have different sizes for dimension "${symbol}": ${[...seen].join(' and ')}`);
}

function isFp16({ datatype, data }: GoldenTensor): boolean {
  return datatype === 'FP16' && data !== undefined;
}

function names(signature: readonly TensorSignature[]): string {
  return signature.map(({ name }) => `"${name}"`).join(', ');
}
