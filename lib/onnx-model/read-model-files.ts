import { parse } from 'node:path';
import { collect, ModelServingError, type Problem } from '../base/errors';
import { oldNameErrors } from '../base/old-names';
import type { Golden } from '../golden/errors';
import { readGoldenFile } from '../golden/golden-file';
import { checkCard } from '../model/check-card';
import { checkIdentity } from '../model/checks';
import { readWeights, type Weights } from '../model/weights';
import { readProfile, type ProfileFile } from '../profile/profile-file';
import type { OnnxModelProps } from './onnx-model-props';

/** Files of a model, each valid by itself, and the model's name and version in URLs. */
export interface ModelFiles {
  readonly name: string;
  readonly version: string;
  readonly weights: Weights;
  readonly golden?: Golden;
  readonly profile?: ProfileFile;
}

/**
 * Reads the files of a model, and validates the props that can be validated without them.
 *
 * @param path - path of the model as the user gave it
 * @throws ModelServingError with all problems of the files and of these props
 */
export function readModelFiles(path: string, props: OnnxModelProps): ModelFiles {
  const { name = parse(path).name, version = '1', golden: goldenPath } = props;
  const problems = [
    ...checkOldProps(path, props),
    ...checkIdentity(path, name, version),
    ...checkCard(path, props.card ?? {}),
  ];
  const weights = collect(problems, () => readWeights(path));
  const golden = goldenPath === undefined ? undefined : collect(problems, () => readGoldenFile(goldenPath));
  const profile = collect(problems, () => readProfile(path, props.profile));
  if (!weights || problems.length > 0) throw new ModelServingError(problems);
  return { name, version, weights, golden, profile };
}

/** Old names of props, each with its current name. */
const OLD_PROPS = { image: 'picture', contract: 'interface' };

/** Finds props with old names. The compiler does not reject them in plain JavaScript or in props from a file. */
function checkOldProps(path: string, props: object): Problem[] {
  return Object.entries(OLD_PROPS)
    .filter(([prop]) => props[prop as keyof object] !== undefined)
    .map(([prop, name]) => oldNameErrors.prop(path, prop, name));
}
