/** Default headroom: the fraction by which the load may rise before new replicas are ready. */
export const DEFAULT_HEADROOM = 0.3;

/** Describes a headroom: `30 % headroom`. */
export function headroomText(headroom: number = DEFAULT_HEADROOM): string {
  return `${Number((100 * headroom).toPrecision(3))} % headroom`;
}
