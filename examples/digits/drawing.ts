const SHADES = ' .:-=+*#%@';
const COLUMNS = 8;

/** Width and height of a block. In a sample, each of the digit's 8x8 pixels is a block of equal values. */
const BLOCK = 4;

/**
 * Draws a digit as eight lines of sixteen characters. The values range from -1 to 1 and are equal in all three
 * channels.
 */
export function drawDigit(data: readonly number[]): string[] {
  const width = COLUMNS * BLOCK;
  return Array.from({ length: COLUMNS }, (_, row) =>
    Array.from({ length: COLUMNS }, (__, column) => {
      const pixel = data[row * BLOCK * width + column * BLOCK] ?? -1;
      const shade = SHADES[Math.round(((pixel + 1) / 2) * (SHADES.length - 1))] ?? ' ';
      return shade + shade;
    }).join(''),
  );
}

/** Places blocks of lines side by side. Pads the lines of each block to the width of its widest line. */
export function sideBySide(blocks: readonly string[][]): string {
  const height = Math.max(...blocks.map((block) => block.length));
  const padded = blocks.map((block) => {
    const width = Math.max(...block.map((line) => line.length));
    return Array.from({ length: height }, (_, row) => (block[row] ?? '').padEnd(width));
  });
  return Array.from({ length: height }, (_, row) =>
    padded
      .map((block) => block[row])
      .join('  ')
      .trimEnd(),
  ).join('\n');
}

/** Converts logits to probabilities. */
export function softmax(logits: readonly number[]): number[] {
  const largest = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - largest));
  const total = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / total);
}
