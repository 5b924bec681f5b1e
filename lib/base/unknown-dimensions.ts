import type { Problem } from './errors';
import { measuringErrors } from '../measuring/measuring-errors';

/**
 * Finds names for which an option sets a size although no free dimension has that name.
 *
 * @param path - path of the model as the user gave it; used in messages
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
