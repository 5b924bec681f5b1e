import type { Signature } from '../../inference-image/src/contract/signature';
import type { Problem } from '../errors';
import { goldenErrors } from './errors';
import { checkGolden, type Golden } from './golden-file';

/** Golden examples that fit a model's signature, and what is wrong with others. */
export interface FittingGolden {
  /** Examples to run and to put into the image. */
  readonly golden?: Golden;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/**
 * Compares golden examples with a model's signature. Examples that were recorded under an untrue declaration cannot be
 * reproduced: they are left out with a warning, and are no error.
 *
 * @param modelPath - as the user gave it, for messages
 * @param declared - the signature as the file has it
 * @param reproduced - the same examples where the model reproduces them although they do not fit: an output whose number
 * of dimensions depends on the request has no signature that all of them fit
 * @param takesPictures - whether it is declared how a picture becomes the model's input
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
