import { resolve } from 'node:path';
import { Annotations } from 'cdktf';
import { addCustomSynthesis } from 'cdktf/lib/synthesize/synthesizer';
import type { Construct, IConstruct } from 'constructs';
import { ModelServingError } from '../base/errors';
import type { Model } from '../model/model';
import { openApiErrors, openApiOf, untrueOpenApi, writeOpenApi } from '../openapi/openapi-file';

/** Content of each OpenAPI file of an app, and the path of the construct that wrote it. */
const filesOfApp = new WeakMap<IConstruct, Map<string, { readonly where: string; readonly text: string }>>();

/** Writes the OpenAPI document of a construct's model when its app is synthesized, if a path is set. */
export function writeOpenApiAtSynth(construct: Construct, model: Model, path: string | undefined): void {
  if (path === undefined) return;
  const source = { where: construct.node.path, prop: 'openApiFile' };
  const warning = untrueOpenApi(path, model, source);
  if (warning !== undefined) Annotations.of(construct).addWarning(warning);
  addCustomSynthesis(construct, {
    onSynthesize: () => {
      const text = openApiOf(model);
      claimFile(construct, path, text);
      writeOpenApi(path, text, source);
    },
  });
}

/**
 * Claims a file for a construct. Constructs of the same model, such as in several stacks, may share a file. Constructs
 * of different models would overwrite each other's document.
 */
function claimFile({ node }: Construct, path: string, text: string): void {
  const files = filesOfApp.get(node.root) ?? new Map<string, { where: string; text: string }>();
  filesOfApp.set(node.root, files);
  const other = files.get(resolve(path));
  if (other && other.where !== node.path && other.text !== text) {
    throw new ModelServingError([openApiErrors.shared(node.path, path, other.where)]);
  }
  files.set(resolve(path), { where: node.path, text });
}
