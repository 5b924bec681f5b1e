import type { Problem } from '../base/errors';

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
  return given.filter((name) => !free.includes(name)).map((name) => dimensionUnknown(path, option, name, free));
}

function dimensionUnknown(path: string, option: string, name: string, names: readonly string[]): Problem {
  return {
    code: 'dimension-unknown',
    message: `${path}: ${option} ${name}: no input has a free dimension with this name. ${
      names.length > 0 ? `Use one of ${names.map((each) => `"${each}"`).join(', ')}.` : `Remove ${option}.`
    }`,
  };
}
