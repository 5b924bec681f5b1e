/** `sequence = 32, width = 7`; empty where there is none. */
export function sizesText(dimensions: Readonly<Record<string, number>>): string {
  return Object.entries(dimensions)
    .map(([name, size]) => `${name} = ${size}`)
    .join(', ');
}
