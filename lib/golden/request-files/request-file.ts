import { readFileSync } from 'node:fs';
import { dirname, extname, parse, resolve } from 'node:path';
import type { RecordedRequest, RequestedArray } from '../../../inference-image/src/contract/golden';
import { pictureFormat } from '../../../inference-image/src/contract/picture-input';
import type { Signature } from '../../../inference-image/src/contract/signature';
import { ModelServingError } from '../../base/errors';
import { liesBelow } from '../../base/link-outside';
import { decodedText, readingFile } from '../../base/source-file';
import { goldenErrors } from '../errors';
import { refuseLinkOutside } from '../golden-file';
import { elementsAs } from './array-elements';
import { CsvFault, csvRequest } from './csv';
import { NumpyFault, readNumpy } from './npy';

/**
 * Reads a request to a model from a file: JSON, a picture, NumPy arrays or CSV.
 *
 * @throws ModelServingError `golden-input-invalid`, and the errors of `decodedText`
 */
export function requestFile(path: string, signature: Signature): RecordedRequest {
  const content = readingFile(path, () => readFileSync(path));
  const { name } = parse(path);
  const folder = resolve(dirname(path));
  try {
    switch (extname(path).toLowerCase()) {
      case '.npz':
        return { name, arrays: arraysOf(content, signature) };
      case '.npy':
        return { name, arrays: [requestedArray(onlyInput(signature), content, signature)] };
      case '.csv':
        return { name, json: csvRequest(decodedText(path, content), signature), folder };
    }
  } catch (error) {
    if (!(error instanceof NumpyFault || error instanceof CsvFault)) throw error;
    throw new ModelServingError([goldenErrors.inputInvalid(path, error.message, error.remedy)]);
  }
  if (isPicture(path, content)) return { name, picture: path };
  const json = decodedText(path, content);
  for (const file of filesOf(json)) refuseLinkOutside(path, file);
  return { name, json, folder };
}

function arraysOf(content: Buffer, signature: Signature): RequestedArray[] {
  const { unzipSync } = require('fflate') as typeof import('fflate');
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(content);
  } catch (error) {
    throw new NumpyFault(`it cannot be unpacked: ${(error as Error).message}`, 'Save it again with np.savez');
  }
  const arrays = Object.entries(files).map(([file, bytes]) => [file.replace(/\.npy$/, ''), bytes] as const);
  return arrays.map(([name, bytes]) =>
    requestedArray(isUnnamed(arrays, signature) ? signature.inputs[0]!.name : name, bytes, signature),
  );
}

/**
 * Whether the file contains a single array with the default name of `np.savez`, and the model has a single input to
 * which the array belongs.
 */
function isUnnamed(
  [array, ...others]: readonly (readonly [name: string, bytes: Uint8Array])[],
  { inputs }: Signature,
): boolean {
  return inputs.length === 1 && others.length === 0 && array?.[0] === 'arr_0';
}

function onlyInput({ inputs }: Signature): string {
  const [input, ...others] = inputs;
  if (others.length === 0) return input!.name;
  const names = inputs.map(({ name }) => `"${name}"`).join(', ');
  throw new NumpyFault(
    `it contains one array, but the model's inputs are ${names}`,
    'Save one array per input with np.savez, and name each after its input',
  );
}

function requestedArray(name: string, bytes: Uint8Array, { inputs }: Signature): RequestedArray {
  const input = inputs.find((each) => each.name === name);
  try {
    const array = readNumpy(bytes);
    if (!input) {
      const names = inputs.map((each) => `"${each.name}"`).join(', ');
      throw new NumpyFault(`no input has this name; the inputs are ${names}`, 'Name each array after an input');
    }
    const { datatype } = input;
    return { name, datatype, shape: array.shape, base64: elementsAs(datatype, array).toString('base64') };
  } catch (error) {
    if (!(error instanceof NumpyFault)) throw error;
    throw new NumpyFault(`array "${name}": ${error.message}`, error.remedy);
  }
}

/** Lists the files that hold elements of a request; none for a malformed request, which fails when it runs. */
function filesOf(json: string): string[] {
  try {
    const { inputs } = JSON.parse(json) as { inputs: readonly { file?: unknown }[] };
    return inputs.flatMap(({ file }) => (typeof file === 'string' && liesBelow('.', file) ? [file] : []));
  } catch {
    return [];
  }
}

/** Whether a file is a picture, judging by its name or content. If the picture is invalid, the run reports why. */
function isPicture(path: string, content: Buffer): boolean {
  return /\.(png|jpe?g)$/i.test(path) || pictureFormat(content) !== undefined;
}
