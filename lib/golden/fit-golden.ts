import type { Signature } from '../../inference-image/src/contract/signature';
import type { Problem } from '../base/errors';
import { goldenErrors, type Golden } from './errors';
import { checkGolden } from './golden-file';

/** Result of comparing golden examples with a model's signature. */
export interface FittingGolden {
  /** Examples to run and to put into the image. */
  readonly golden?: Golden;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/**
 * Compares golden examples with a model's signature. If examples fit only the shapes that the model wrongly declares,
 * the model cannot reproduce them. Such examples are left out of the image, with a warning.
 *
 * @param modelPath - path as the user gave it; used in messages
 * @param declared - signature as declared in the file
 * @param reproduced - the same examples if the model reproduces them although they do not fit its signature. No
 * signature fits an output whose number of dimensions depends on the request.
 * @param takesPictures - whether the model declares a picture input
 */
export function fitGolden(
  golden: Golden | undefined,
  modelPath: string,
  {
    signature,
    declared,
    reproduced,
  }: { readonly signature: Signature; readonly declared: Signature; readonly reproduced?: Golden },
  takesPictures: boolean,
): FittingGolden {
  if (!golden) return { problems: [], warnings: [] };
  const problems = checkGolden(golden, signature, takesPictures, golden === reproduced);
  const isOutdated =
    problems.length > 0 && signature !== declared && checkGolden(golden, declared, takesPictures).length === 0;
  if (!isOutdated) return { golden, problems, warnings: [] };
  return { problems: [], warnings: [goldenErrors.outdated(golden, modelPath)] };
}
