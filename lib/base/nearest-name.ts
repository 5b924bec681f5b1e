/** Suggests, in a sentence, the known name that is nearest to an unknown one. Empty if no name is near. */
export function suggestion(wrong: string, names: readonly string[]): string {
  const [nearest] = names
    .map((name) => ({ name, distance: distance(wrong.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  return nearest && nearest.distance <= wrong.length / 2 ? `Did you mean ${nearest.name}? ` : '';
}

/**
 * Number of letters to add, remove or replace to turn one name into the other:
 * https://en.wikipedia.org/wiki/Levenshtein_distance
 */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (letter === to[j] ? 0 : 1)));
    }
    row = next;
  }
  return row[to.length]!;
}
