/** Ratio of successive rates. */
export const STEP = 1.05;

/** Maximum number of steps up or down from the planned rate. 16 steps change it by a factor of 2.2. */
const MOST_STEPS = 16;

/**
 * Finds the highest sustained rate. The candidates are the planned rate and rates around it, each 1.05 times the one
 * before it. Tries candidates at a distance of 1, 2, 4 … steps from the planned rate, and then the candidates between
 * the last two. Returns 0 if no rate is sustained.
 */
export async function highestRate(planned: number, isHeld: (rate: number) => Promise<boolean>): Promise<number> {
  const holds = (steps: number) => isHeld(planned * STEP ** steps);
  const up = await holds(0);
  const sign = up ? 1 : -1;
  let [held, refused] = up ? [0, undefined as number | undefined] : [undefined as number | undefined, 0];
  for (let steps = 1; steps <= MOST_STEPS && (held === undefined || refused === undefined); steps *= 2) {
    if (await holds(sign * steps)) held = sign * steps;
    else refused = sign * steps;
  }
  if (held === undefined) return 0;
  while (refused !== undefined && refused - held > 1) {
    const middle = Math.floor((held + refused) / 2);
    if (await holds(middle)) held = middle;
    else refused = middle;
  }
  return planned * STEP ** held;
}
