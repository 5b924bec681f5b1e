import type { Problem } from '../errors';
import { measuringErrors } from './measuring-errors';

/**
 * Names that an option gives sizes to, and that no free dimension has.
 *
 * @param path - of the model as the user gave it, for messages
 */
export function unknownDimensions(
  path: string,
  option: string,
  given: readonly string[],
  free: readonly string[],
): Problem[] {
  return given
    .filter((name) => !free.includes(name))
    .map((name) => measuringErrors.dimensionUnknown(path, option, name, free));
}
