import type { ImageInput } from '../../inference-image/src/contract/image-input';
import type { TrialRun } from '../../inference-image/src/contract/load-run';
import type { Signature } from '../../inference-image/src/contract/signature';
import type { Golden } from './golden-file';

/** What examples that the model reproduces say of its shapes: each is a run. */
export function runsOfGolden({ examples }: Golden, { inputs, outputs }: Signature, image?: ImageInput): TrialRun[] {
  return examples.map(({ request, response }) => ({
    inputs: request ? inputs.map(({ name }) => shapeIn(request.inputs, name) ?? []) : [image?.shape ?? []],
    outputs: outputs.map(({ name }) => shapeIn(response.outputs, name)),
  }));
}

function shapeIn(tensors: readonly { readonly name: string; readonly shape: readonly number[] }[], name: string) {
  return tensors.find((tensor) => tensor.name === name)?.shape;
}
