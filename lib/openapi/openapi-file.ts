import { existsSync, readFileSync, statSync } from 'node:fs';
import type { ModelManifest } from '../../inference-image/src/contract/model-manifest';
import { ModelServingError } from '../errors';
import { isMarked } from '../marked-file';
import type { OnnxModel } from '../model/onnx-model';
import { plainText } from '../plain-text';
import { printable } from '../printable';
import { replaceFile } from '../replace-file';
import { openApiErrors } from './errors';

/** What the description of every model's document says, and no other document. */
export const OPENAPI_MARK = 'The Open Inference Protocol (KServe V2) over HTTP.';

/** Where a path comes from, for messages: the construct or command, and its prop or option. */
export interface PathSource {
  readonly where: string;
  readonly prop: string;
}

/** The OpenAPI document of a model's HTTP port: the very bytes that its server answers at /openapi.json. */
export function openApiOf(model: OnnxModel): string {
  return textOf(model.manifest());
}

function textOf(manifest: ModelManifest): string {
  const { openApiText } =
    require('../../inference-image/src/contract/openapi/document') as typeof import('../../inference-image/src/contract/openapi/document');
  return printable(openApiText(manifest));
}

/**
 * A warning where the file at a path has the shapes that the model's file declares and the model does not give. It is
 * about to be written again.
 */
export function untrueOpenApi(path: string, model: OnnxModel, { where, prop }: PathSource): string | undefined {
  const { signature, declaredSignature } = model;
  if (signature === declaredSignature) return undefined;
  if (contentOf(path) !== textOf({ ...model.manifest(), signature: declaredSignature })) return undefined;
  return `${where}: ${prop} "${path}" has shapes that model "${model.name}" declares and does not give. It is written again with those that it gives: commit it.`;
}

/**
 * Writes a document; a file that says the same already is left as it is.
 *
 * @param path - relative to the working directory
 * @throws ModelServingError `openapi-file-not-own` where it is another file, such as the model; `openapi-file-unwritable`
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

/** In plain form: git on Windows may have checked the file out with other line breaks. */
function contentOf(path: string): string | undefined {
  try {
    const plain = plainText(readFileSync(path));
    return 'text' in plain ? plain.text : undefined;
  } catch {
    return undefined;
  }
}
