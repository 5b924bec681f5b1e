import { basename, dirname, relative } from 'node:path';
import type { ClassOutput } from '../../inference-image/src/contract/picture-input';
import type { Datatype, Signature, TensorSignature } from '../../inference-image/src/contract/signature';
import { collect, ModelServingError, type Problem } from '../base/errors';
import { foldersBeside, liesBelow, linkOutside, type LinkOutside } from '../base/link-outside';
import { readingFile, readText } from '../base/source-file';
import { preprocessingErrors as errors } from './errors';

/** How the model's output is converted to the name of a class. */
export interface ClassOutputProps {
  /**
   * Names of the classes, in the order of the scores or indices: a list, or the path of a file with one name per line,
   * relative to the working directory. If this or `classOutput` is set, `/v2/models/NAME/classify` returns a class.
   *
   * @default - classes are named by their indices, or by the labels that the model returns
   */
  readonly classes?: readonly string[] | string;

  /**
   * Name of the output that contains the class: scores (floats, one per class), an index (integer) or a label (text).
   *
   * @default - the only output, or the only output of scores
   */
  readonly classOutput?: string;

  /**
   * `softmax` if the scores are logits: clients then receive probabilities.
   *
   * @default 'asGiven'
   */
  readonly classScores?: 'asGiven' | 'softmax';
}

const KINDS: Partial<Record<Datatype, ClassOutput['kind']>> = {
  FP16: 'scores',
  FP32: 'scores',
  FP64: 'scores',
  BYTES: 'label',
  ...Object.fromEntries(
    ['INT64', 'INT32', 'INT16', 'INT8', 'UINT64', 'UINT32', 'UINT16', 'UINT8'].map((type) => [type, 'index']),
  ),
};

/**
 * Fills in missing props from the signature, for model.json, or returns the problems of the props. Returns neither if
 * no prop is set.
 */
export function resolveClassOutput(
  path: string,
  props: ClassOutputProps,
  signature: Signature,
): { classes?: ClassOutput; problems: Problem[] } {
  const { classes, classOutput, classScores = 'asGiven' } = props;
  if (classes === undefined && classOutput === undefined) {
    return { problems: props.classScores === undefined ? [] : [errors.scoresOfNothing(path)] };
  }
  const problems: Problem[] = [];
  const names = typeof classes === 'string' ? collect(problems, () => readNames(path, classes)) : classes;
  if (names) problems.push(...checkNames(path, names));
  if (!['asGiven', 'softmax'].includes(classScores)) problems.push(errors.scoresInvalid(path, classScores));
  const output = findOutput(path, classOutput, signature, problems);
  if (!output || problems.length > 0) return { problems };

  const kind = KINDS[output.datatype];
  if (!kind) return { problems: [errors.outputUnsuitable(path, output)] };
  const size = sizeOfOne(output);
  if (kind === 'scores' && names && size !== undefined && size !== names.length) {
    return { problems: [errors.count(path, names.length, output, size)] };
  }
  if (kind !== 'scores' && size !== undefined && size !== 1)
    return { problems: [errors.outputUnsuitable(path, output)] };
  const softmax = classScores === 'softmax';
  if (softmax && kind !== 'scores') return { problems: [errors.softmaxOfNoScores(path, output)] };
  return { classes: { output: output.name, kind, softmax, ...(names && { names: [...names] }) }, problems: [] };
}

/**
 * Number of elements per row; undefined if it is not fixed. The first dimension counts rows, unless it is the only
 * dimension of scores.
 */
function sizeOfOne({ datatype, dimensions }: TensorSignature): number | undefined {
  const isVectorOfScores = dimensions.length === 1 && KINDS[datatype] === 'scores';
  const sizes = isVectorOfScores ? dimensions : dimensions.slice(1);
  return sizes.reduce<number | undefined>(
    (size, dimension) => (size === undefined || typeof dimension !== 'number' ? undefined : size * dimension),
    1,
  );
}

function findOutput(
  path: string,
  name: string | undefined,
  { outputs }: Signature,
  problems: Problem[],
): TensorSignature | undefined {
  const named = outputs.filter((output) => output.name === name);
  const scores = outputs.filter(({ datatype }) => KINDS[datatype] === 'scores');
  const found = name !== undefined ? named : outputs.length === 1 ? outputs : scores;
  if (found.length === 1) return found[0];
  problems.push(name === undefined ? errors.outputAmbiguous(path, outputs) : errors.outputUnknown(path, name, outputs));
  return undefined;
}

/** Reads class names from a file, one per line. Ignores an empty last line. */
function readNames(path: string, file: string): string[] {
  const outside = readingFile(file, () => linkOutOf(path, file));
  if (outside) throw new ModelServingError([errors.fileOutside(path, file, outside)]);
  return readText(file).replace(/\n$/, '').split('\n');
}

/**
 * Finds a link that leads out of the model's folder or, if the file is not in that folder, out of the file's own
 * folder.
 */
function linkOutOf(path: string, file: string): LinkOutside | undefined {
  const home = dirname(path);
  if (liesBelow(home, file)) return linkOutside(home, relative(home, file), foldersBeside(path));
  return linkOutside(dirname(file), basename(file));
}

function checkNames(path: string, names: readonly string[]): Problem[] {
  if (!Array.isArray(names) || names.length === 0) return [errors.noNames(path)];
  return names.flatMap((name, index) => {
    if (typeof name !== 'string' || name.trim() === '') return [errors.nameEmpty(path, index)];
    const first = names.indexOf(name);
    return first < index ? [errors.nameTwice(path, name, first, index)] : [];
  });
}
