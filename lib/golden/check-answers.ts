import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { GoldenTensor } from '../../inference-image/src/contract/golden';
import { elementCount } from '../../inference-image/src/contract/signature';
import { readCache, writeCache } from '../base/cache';
import type { Problem } from '../base/errors';
import { readingFile } from '../base/source-file';
import { goldenErrors, type Golden } from './errors';

/** Faults of well-formed golden examples, such as answers that could not detect a changed model. */
export interface AnswerFaults {
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/** Finds outputs that are all NaN, equal responses to all requests, and files that no example uses. Caches success. */
export function checkAnswers(golden: Golden): AnswerFaults {
  const key = `golden-answers 1 ${golden.files.map(({ sha256 }) => sha256).join(' ')}`;
  const isKnown = readCache<true>(key) === true;
  const problems = isKnown ? [] : unknownNumbers(golden);
  const warnings = isKnown ? [] : constantResponses(golden);
  if (problems.length + warnings.length === 0) writeCache(key, true);
  return { problems, warnings: [...warnings, ...orphans(golden)] };
}

function unknownNumbers(golden: Golden): Problem[] {
  return golden.examples.flatMap(({ name, response }) =>
    response.outputs
      .filter((output) => isAllNaN(golden, output))
      .map((output) => goldenErrors.allNaN(golden.path, name, output.name, elementCount(output.shape))),
  );
}

function isAllNaN(golden: Golden, output: GoldenTensor): boolean {
  const { datatype, shape } = output;
  if (!datatype.startsWith('FP') || elementCount(shape) === 0) return false;
  if (output.data) return output.data.flat(Infinity).every((value) => value === 'NaN');
  const bytes = bytesOf(golden, output);
  const read = READERS[datatype as keyof typeof READERS];
  for (let at = 0; at + read.bytes <= bytes.length; at += read.bytes) if (!read.isNaN(bytes, at)) return false;
  return bytes.length > 0;
}

const READERS = {
  FP16: { bytes: 2, isNaN: (bytes: Buffer, at: number) => (bytes.readUInt16LE(at) & 0x7fff) > 0x7c00 },
  FP32: { bytes: 4, isNaN: (bytes: Buffer, at: number) => Number.isNaN(bytes.readFloatLE(at)) },
  FP64: { bytes: 8, isNaN: (bytes: Buffer, at: number) => Number.isNaN(bytes.readDoubleLE(at)) },
};

/**
 * Warns if all examples have the same response although their requests differ. Values are compared as they are stored:
 * equal values in JSON and in bytes count as different.
 */
function constantResponses(golden: Golden): string[] {
  const { examples, path } = golden;
  const [first] = examples;
  const values = (tensors: readonly GoldenTensor[]) =>
    tensors.map((tensor) => [tensor.name, tensor.data?.flat(Infinity) ?? bytesOf(golden, tensor)]);
  const requests = examples.map(({ request, picture }) => picture ?? values(request!.inputs));
  if (requests.every((request) => isDeepStrictEqual(request, requests[0]))) return [];
  const expected = values(first!.response.outputs);
  const isConstant = examples.every(({ response }) => isDeepStrictEqual(values(response.outputs), expected));
  return isConstant ? [goldenErrors.constant(path, examples.length)] : [];
}

function bytesOf({ files }: Golden, { file }: GoldenTensor): Buffer {
  const source = files.find(({ path }) => path === file)!.sourcePath;
  return readingFile(source, () => readFileSync(source));
}

/** Warns about files in the folder beside the examples that are not part of any example. Ignores hidden files. */
function orphans({ path, files }: Golden): string[] {
  const folder = basename(path, '.json');
  const place = join(dirname(path), folder);
  if (!path.endsWith('.json')) return [];
  const named = new Set(files.map((file) => file.path));
  const found = readingFile(place, () => {
    const isFolder = statSync(place, { throwIfNoEntry: false })?.isDirectory();
    return isFolder ? readdirSync(place, { withFileTypes: true }) : [];
  });
  const left = found
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.') && !named.has(`${folder}/${entry.name}`))
    .map(({ name }) => name);
  return left.length > 0 ? [goldenErrors.orphans(path, `${folder}/`, left.sort())] : [];
}
