/** Formats sizes: `sequence = 32, width = 7`. Empty if there are no dimensions. */
export function sizesText(dimensions: Readonly<Record<string, number>>): string {
  return Object.entries(dimensions)
    .map(([name, size]) => `${name} = ${size}`)
    .join(', ');
}
