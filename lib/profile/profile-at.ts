import type { MeasuredSize, ModelProfile } from './model-profile';

/** All sizes that a profile has measurements at. */
export function measuredSizes(profile: ModelProfile): readonly MeasuredSize[] {
  const { dimensions, runs, served } = profile;
  return [{ dimensions, runs, served }, ...(profile.sizes ?? [])];
}

/** The profile as measured at these sizes, of the dimensions that they name; undefined where it was not. */
export function profileAt(
  profile: ModelProfile,
  sizes: Readonly<Record<string, number>> = {},
): ModelProfile | undefined {
  const names = Object.keys(sizes);
  const measured = measuredSizes(profile).find(({ dimensions }) =>
    names.every((name) => dimensions[name] === sizes[name]),
  );
  return measured && { ...profile, ...measured };
}

/** The sizes of one dimension that were measured, each once. */
export function sizesOf(profile: ModelProfile, name: string): number[] {
  const sizes = measuredSizes(profile).flatMap(({ dimensions }) => dimensions[name] ?? []);
  return [...new Set(sizes)];
}
