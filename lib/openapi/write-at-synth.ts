import { addCustomSynthesis } from 'cdktf/lib/synthesize/synthesizer';
import type { Construct } from 'constructs';
import type { OnnxModel } from '../model/onnx-model';
import { writeOpenApi } from './openapi-file';

/** Writes the OpenAPI document of a construct's model when its app is synthesized, if it has a path for it. */
export function writeOpenApiAtSynth(construct: Construct, model: OnnxModel, path: string | undefined): void {
  if (path === undefined) return;
  addCustomSynthesis(construct, {
    onSynthesize: () => writeOpenApi(path, model, { where: construct.node.path, prop: 'openApiFile' }),
  });
}
