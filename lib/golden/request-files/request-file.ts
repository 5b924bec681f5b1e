import { readFileSync } from 'node:fs';
import { dirname, extname, parse, resolve } from 'node:path';
import type { RecordedRequest, RequestedArray } from '../../../inference-image/src/contract/golden-messages';
import { pictureFormat } from '../../../inference-image/src/contract/picture-format';
import type { Signature } from '../../../inference-image/src/contract/signature';
import { ModelServingError } from '../../errors';
import { liesBelow } from '../../link-outside';
import { decodedText, readingFile } from '../../model/model-files';
import { goldenErrors } from '../errors';
import { refuseLinkOutside } from '../golden-file';
import { elementsAs } from './array-elements';
import { CsvFault, csvRequest } from './csv';
import { NumpyFault, readNumpy } from './npy';

/**
 * Reads a file as a request to a model: a request in JSON, a picture, arrays of NumPy or a table.
 *
 * @throws ModelServingError `golden-input-invalid`, and what `readText` throws
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

/** Whether `np.savez` was given no name for the array of a model of one input. */
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
    `it has one array, and the model has the inputs ${names}`,
    'Save one for each with np.savez, under their names',
  );
}

function requestedArray(name: string, bytes: Uint8Array, { inputs }: Signature): RequestedArray {
  const input = inputs.find((each) => each.name === name);
  try {
    const array = readNumpy(bytes);
    if (!input) {
      const names = inputs.map((each) => `"${each.name}"`).join(', ');
      throw new NumpyFault(`no input has its name; they are ${names}`, 'Save arrays under the names of inputs');
    }
    const { datatype } = input;
    return { name, datatype, shape: array.shape, base64: elementsAs(datatype, array).toString('base64') };
  } catch (error) {
    if (!(error instanceof NumpyFault)) throw error;
    throw new NumpyFault(`array "${name}": ${error.message}`, error.remedy);
  }
}

/** Files that hold elements of a request, if it is one: what else is wrong with it is found where it is read. */
function filesOf(json: string): string[] {
  try {
    const { inputs } = JSON.parse(json) as { inputs: readonly { file?: unknown }[] };
    return inputs.flatMap(({ file }) => (typeof file === 'string' && liesBelow('.', file) ? [file] : []));
  } catch {
    return [];
  }
}

/** What is called so and is none is refused with the reason, as a client's would be. */
function isPicture(path: string, content: Buffer): boolean {
  return /\.(png|jpe?g)$/i.test(path) || pictureFormat(content) !== undefined;
}
