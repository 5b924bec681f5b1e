/** One thing in which an interface is not what it was. */
export interface Difference {
  /** Such as `input "image" is FP32 [1, 64], and was FP32 [batch, 64]`. */
  readonly what: string;
  /** What it does to clients of the old interface; undefined if they notice nothing. */
  readonly harm?: string;
}

/** Differences that clients of the old interface would suffer from. */
export function breaking(differences: readonly Difference[]): Required<Difference>[] {
  return differences.filter((difference): difference is Required<Difference> => difference.harm !== undefined);
}
