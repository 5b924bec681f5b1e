/** One difference between the accepted and the current interface. */
export interface Difference {
  /** For example `input "image" changes from FP32 [batch, 64] to FP32 [1, 64]`. */
  readonly change: string;
  /** Effect on clients of the accepted interface; undefined if there is none. */
  readonly effect?: string;
}

/** Selects the differences that break clients of the accepted interface. */
export function breaking(differences: readonly Difference[]): Required<Difference>[] {
  return differences.filter((difference): difference is Required<Difference> => difference.effect !== undefined);
}
