import { existsSync, readFileSync, statSync } from 'node:fs';
import type { ModelManifest } from '../../inference-image/src/contract/model-manifest';
import { printable } from '../../inference-image/src/contract/printable';
import { ModelServingError, type Problem } from '../base/errors';
import { plainText } from '../base/source-file';
import { isMarked, replaceFile } from '../base/write-file';
import type { Model } from '../model/model';

/** Text that identifies generated documents: it is part of the description in every model's OpenAPI document. */
export const OPENAPI_MARK = 'The Open Inference Protocol (KServe V2) over HTTP.';

/** Origin of a path, for messages: the construct or command, and its prop or option. */
export interface PathSource {
  readonly where: string;
  readonly prop: string;
}

/** OpenAPI document of a model's HTTP port, byte for byte as its server returns it at /openapi.json. */
export function openApiOf(model: Model): string {
  return textOf(model.manifest());
}

function textOf(manifest: ModelManifest): string {
  const { openApiText } =
    require('../../inference-image/src/openapi/document') as typeof import('../../inference-image/src/openapi/document');
  return printable(openApiText(manifest));
}

/**
 * Returns a warning if the existing file has the declared shapes instead of the model's actual shapes. The file is then
 * rewritten.
 */
export function untrueOpenApi(path: string, model: Model, { where, prop }: PathSource): string | undefined {
  const { signature, declaredSignature } = model;
  if (signature === declaredSignature) return undefined;
  if (contentOf(path) !== textOf({ ...model.manifest(), signature: declaredSignature })) return undefined;
  return `${where}: ${prop} "${path}" has the shapes that model "${model.name}" declares instead of its actual shapes. The file is rewritten with the actual shapes; commit it.`;
}

/**
 * Writes a document, unless the file is already up to date.
 *
 * @param path - path relative to the working directory
 * @throws ModelServingError `openapi-file-not-own` if the existing file is not a model's OpenAPI document;
 * `openapi-file-unwritable`
 */
export function writeOpenApi(path: string, text: string, { where, prop }: PathSource): void {
  try {
    if (existsSync(path) && statSync(path).isFile() && !isMarked(path, OPENAPI_MARK)) {
      throw new ModelServingError([openApiErrors.notOwn(where, prop, path)]);
    }
    if (contentOf(path) !== text) replaceFile(path, text);
  } catch (error) {
    if (error instanceof ModelServingError) throw error;
    throw new ModelServingError([openApiErrors.notWritten(where, prop, path, (error as Error).message)]);
  }
}

/** Content of a file, normalized because git on Windows may have changed its line breaks. */
function contentOf(path: string): string | undefined {
  try {
    const plain = plainText(readFileSync(path));
    return 'text' in plain ? plain.text : undefined;
  } catch {
    return undefined;
  }
}

/** Problems with the file of an OpenAPI document; `where` is the construct's path or the command. */
export const openApiErrors = {
  notWritten: (where: string, prop: string, path: string, reason: string): Problem => ({
    code: 'openapi-file-unwritable',
    message: `${where}: ${prop} "${path}" cannot be written: ${reason}. Use a file in a folder that you can write to.`,
  }),

  notOwn: (where: string, prop: string, path: string): Problem => ({
    code: 'openapi-file-not-own',
    message: `${where}: ${prop} "${path}" exists but is not the OpenAPI document of a model. Use another path, or remove the file.`,
  }),

  shared: (where: string, path: string, other: string): Problem => ({
    code: 'openapi-file-shared',
    message: `${where}: openApiFile "${path}" is also used by ${other}, which has a different model. Use a separate file for the document of each model.`,
  }),
};
