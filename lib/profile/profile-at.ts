import type { MeasuredSize, ModelProfile } from './model-profile';

/** Measurements of a profile, one entry for each size. */
export function measuredSizes(profile: ModelProfile): readonly MeasuredSize[] {
  const { dimensions, runs, served } = profile;
  return [{ dimensions, runs, served }, ...(profile.sizes ?? [])];
}

/** The profile with the measurements at the given sizes; undefined if none were made at these sizes. */
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

/** Measured sizes of one dimension, without duplicates. */
export function sizesOf(profile: ModelProfile, name: string): number[] {
  const sizes = measuredSizes(profile).flatMap(({ dimensions }) => dimensions[name] ?? []);
  return [...new Set(sizes)];
}
