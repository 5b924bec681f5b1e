import { stringify } from 'lossless-json';
import { readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { GoldenExample, GoldenRequest, GoldenTensor } from '../contract/golden';
import { pictureFormat } from '../contract/picture-input';
import { messageOf } from '../base/errors';
import { decodeBinaryData } from '../protocol/binary-data';
import { decodeJsonData, encodeJsonData } from '../json/json-data';

/**
 * Limit on the JSON of a request, and on the JSON of its expected answer. An editor in a browser cannot handle more.
 */
const MAX_KIB = 256;
/** Limit on the size of a picture file. */
const MAX_PICTURE_KIB = 1024;
/** Limit on all examples together, because their text is kept in memory. */
const MAX_TOTAL_KIB = 4096;

/**
 * Golden examples for the page, as JSON: complete requests with their expected answers. An example that the page cannot
 * show is listed with the reason.
 * @param folder Folder of golden.json, to which the paths of files are relative.
 * @param pictures Action to which the page sends pictures; undefined if the model accepts none.
 */
export function pageExamples(examples: readonly GoldenExample[], folder: string, pictures?: string): string {
  let length = 0;
  const texts = examples.map((example) => {
    const fields =
      length < MAX_TOTAL_KIB * 1024
        ? fieldsOf(example, folder)
        : {
            omitted: JSON.stringify(`the examples before it reach the limit of this page, ${MAX_TOTAL_KIB} KiB`),
          };
    const text = objectText({ name: JSON.stringify(example.name), ...fields });
    length += text.length;
    return text;
  });
  return objectText({ examples: arrayText(texts), ...(pictures && { pictures: JSON.stringify(pictures) }) });
}

/** The fields of an example, each as JSON text. */
function fieldsOf({ request, picture, response, tolerance }: GoldenExample, folder: string): Record<string, string> {
  try {
    if (picture !== undefined) {
      return { picture: pictureText(picture, folder), ...expectedFields(response.outputs, tolerance, folder) };
    }
    const { inputs, ...others } = request as GoldenRequest;
    const rest = Object.entries(others).map(([key, value]) => [key, stringify(value) ?? 'null']);
    const texts = inputs.map((input) => objectText(tensorFields(input, folder)));
    const sent = bounded('its request', objectText({ inputs: arrayText(texts), ...Object.fromEntries(rest) }));
    return { request: sent, ...expectedFields(response.outputs, tolerance, folder) };
  } catch (error) {
    return { omitted: JSON.stringify(messageOf(error)) };
  }
}

function pictureText(file: string, folder: string): string {
  const path = join(folder, file);
  if (statSync(path).size > MAX_PICTURE_KIB * 1024) {
    throw new Error(`its picture is larger than ${MAX_PICTURE_KIB} KiB, the limit of this page`);
  }
  const content = readFileSync(path);
  const type = `image/${pictureFormat(content)}`;
  return JSON.stringify({ file: basename(file), type, base64: content.toString('base64') });
}

function expectedFields(
  outputs: readonly GoldenTensor[],
  tolerance: GoldenExample['tolerance'],
  folder: string,
): Record<string, string> {
  try {
    const texts = outputs.map((output) => {
      const allowed = JSON.stringify({ ...tolerance, ...output.tolerance });
      return objectText({ ...tensorFields(output, folder), tolerance: allowed });
    });
    return { expected: bounded('its expected answer', arrayText(texts)) };
  } catch (error) {
    return { omitted: JSON.stringify(messageOf(error)) };
  }
}

function tensorFields(tensor: GoldenTensor, folder: string): Record<string, string> {
  const { name, datatype, shape } = tensor;
  return {
    name: JSON.stringify(name),
    datatype: JSON.stringify(datatype),
    shape: JSON.stringify(shape),
    data: encodeJsonData({ name, datatype, shape, data: elementsOf(tensor, folder) }),
  };
}

function elementsOf(tensor: GoldenTensor, folder: string) {
  if (tensor.file === undefined) return decodeJsonData(tensor, tensor.data);
  const path = join(folder, tensor.file);
  // The JSON of a tensor is at least about a quarter as long as its file.
  if (statSync(path).size > 4 * MAX_KIB * 1024) throw tooLong(`its tensor ${JSON.stringify(tensor.name)}`);
  return decodeBinaryData(tensor, readFileSync(path));
}

function bounded(part: string, text: string): string {
  if (text.length > MAX_KIB * 1024) throw tooLong(part);
  return text;
}

function tooLong(part: string): Error {
  return new Error(`${part} is longer than ${MAX_KIB} KiB of JSON, the limit of this page`);
}

/** JSON text of an object. @param fields Its values as JSON text. */
function objectText(fields: Readonly<Record<string, string>>): string {
  return `{${Object.entries(fields)
    .map(([key, text]) => `${JSON.stringify(key)}:${text}`)
    .join(',')}}`;
}

function arrayText(texts: readonly string[]): string {
  return `[${texts.join(',')}]`;
}
