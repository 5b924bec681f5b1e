/** One difference between the accepted and the current interface. */
export interface Difference {
  /** Description of the change, such as `input "image" changes from FP32 [batch, 64] to FP32 [1, 64]`. */
  readonly change: string;
  /** Effect on clients that rely on the accepted interface; undefined if the difference does not affect them. */
  readonly effect?: string;
}

/** Selects the differences that break clients of the accepted interface. */
export function breaking(differences: readonly Difference[]): Required<Difference>[] {
  return differences.filter((difference): difference is Required<Difference> => difference.effect !== undefined);
}
