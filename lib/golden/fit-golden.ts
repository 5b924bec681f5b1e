import type { Signature } from '../../inference-image/src/contract/signature';
import type { Problem } from '../errors';
import { goldenErrors } from './errors';
import { checkGolden, type Golden } from './golden-file';

/** Golden examples as far as they are of a model. */
export interface FittingGolden {
  /** What is run and goes into the image. */
  readonly golden?: Golden;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/**
 * Compares golden examples with a model's signature. Answers that were recorded under an untrue declaration can never
 * be given: they are left out, with a warning, and not held against the model.
 *
 * @param modelPath - as the user gave it, for messages
 * @param declared - the signature as the file has it
 * @param takesPictures - whether it is declared how a picture becomes the model's input
 */
export function fitGolden(
  golden: Golden | undefined,
  modelPath: string,
  { signature, declared }: { readonly signature: Signature; readonly declared: Signature },
  takesPictures: boolean,
): FittingGolden {
  if (!golden) return { problems: [], warnings: [] };
  const problems = checkGolden(golden, signature, takesPictures);
  const isOutdated =
    problems.length > 0 && signature !== declared && checkGolden(golden, declared, takesPictures).length === 0;
  if (!isOutdated) return { golden, problems, warnings: [] };
  return { problems: [], warnings: [goldenErrors.outdated(golden.path, modelPath)] };
}
