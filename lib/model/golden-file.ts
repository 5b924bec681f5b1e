import { readFileSync } from 'node:fs';
import type { GoldenExample, GoldenFile } from '../../inference-image/src/contract/golden';
import { GOLDEN_FILE } from '../../inference-image/src/contract/model-manifest';
import { shapeFits, type Signature, type TensorSignature } from '../../inference-image/src/contract/signature';
import { readCache, writeCache } from '../cache';
import { ModelServingError, type Problem } from '../errors';
import { modelErrors, type Direction } from './errors';
import { readingFile, sourceFile, type SourceFile } from './model-files';
import { dimensionsText } from './onnx-graph';

/** Golden examples in the right form, of whatever model. */
export interface Golden {
  /** As the user gave it, for messages. */
  readonly path: string;
  readonly file: SourceFile;
  readonly examples: readonly GoldenExample[];
}

type GoldenTensor = GoldenExample['request']['inputs'][number];

/**
 * Reads golden examples and checks their form. Exact 64-bit integers are the container's matter, so JSON.parse will do.
 *
 * @throws ModelServingError `golden-not-json`, `golden-invalid`, and what `sourceFile` throws
 */
export function readGoldenFile(path: string): Golden {
  const file = sourceFile(GOLDEN_FILE, path);
  const content = parseJson(
    path,
    readingFile(path, () => readFileSync(path, 'utf8')),
  );

  const key = `golden-form 1 ${file.sha256}`;
  if (!readCache<true>(key)) {
    ModelServingError.throwIfAny(checkForm(path, content));
    writeCache(key, true);
  }
  return { path, file, examples: (content as GoldenFile).examples };
}

/** Whether the examples are of this model, as far as its signature tells. */
export function checkGolden({ path, examples }: Golden, signature: Signature): Problem[] {
  return examples.flatMap(({ name, request, response }) => {
    const { inputs } = request;
    const { outputs } = response;
    const mismatches = [
      ...inputs.flatMap((tensor) => misfits('input', tensor, inputs, signature.inputs)),
      ...missing(inputs, signature.inputs),
      ...unequalSymbols(inputs, signature.inputs),
      ...outputs.flatMap((tensor) => misfits('output', tensor, outputs, signature.outputs)),
    ];
    return [
      ...mismatches.map((what) => modelErrors.goldenMismatch(path, name, what)),
      ...inputs.filter(isFp16).map((tensor) => modelErrors.goldenFp16(path, name, 'input', tensor.name)),
      ...outputs.filter(isFp16).map((tensor) => modelErrors.goldenFp16(path, name, 'output', tensor.name)),
    ];
  });
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ModelServingError([modelErrors.goldenNotJson(path, (error as SyntaxError).message)]);
  }
}

function checkForm(path: string, content: unknown): Problem[] {
  // Loaded only for examples not seen before: zod takes longer to load than a warm synth of a model takes.
  const { goldenFileSchema } =
    require('../../inference-image/src/contract/schemas') as typeof import('../../inference-image/src/contract/schemas');
  const { error } = goldenFileSchema.safeParse(content);
  return (error?.issues ?? []).map((issue) =>
    modelErrors.goldenInvalid(path, issue.path.join('.') || 'the file', issue.message),
  );
}

function misfits(
  direction: Direction,
  { name, datatype, shape, data }: GoldenTensor,
  all: readonly GoldenTensor[],
  signature: readonly TensorSignature[],
): string[] {
  const label = `${direction} "${name}"`;
  const declared = signature.find((tensor) => tensor.name === name);
  if (!declared) return [`${label} is none of the model's, which are ${names(signature)}`];
  if (all.filter((tensor) => tensor.name === name).length > 1) return [`${label} is given twice`];
  if (datatype !== declared.datatype) return [`${label} is ${datatype}, and the model's is ${declared.datatype}`];
  if (!shapeFits(shape, declared)) {
    return [`${label} has shape ${dimensionsText(shape)}, and the model's is ${dimensionsText(declared.dimensions)}`];
  }
  const needed = shape.reduce((count, size) => count * size, 1);
  const given = data.flat(Infinity).length;
  return given === needed ? [] : [`${label} has data of ${given} elements, and its shape makes ${needed}`];
}

function missing(given: readonly GoldenTensor[], signature: readonly TensorSignature[]): string[] {
  return signature
    .filter(({ name }) => !given.some((tensor) => tensor.name === name))
    .map(({ name }) => `input "${name}" is missing`);
}

/** A symbol stands for one size within a request. */
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
    .map(([symbol, seen]) => `its inputs have sizes ${[...seen].join(' and ')} for dimension "${symbol}"`);
}

function isFp16({ datatype }: GoldenTensor): boolean {
  return datatype === 'FP16';
}

function names(signature: readonly TensorSignature[]): string {
  return signature.map(({ name }) => `"${name}"`).join(', ');
}
