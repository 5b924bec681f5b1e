import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root';

const DIGITS = join(ROOT, 'examples/digits');

/** Writes a picture of a seven to a subfolder, and returns a golden example of the digits model that refers to it. */
export function goldenSeven(folder: string): object {
  const { examples } = JSON.parse(readFileSync(join(DIGITS, 'digits.golden.json'), 'utf8'));
  const { response } = examples.find(({ name }: { name: string }) => name === 'a held-out seven');
  mkdirSync(join(folder, 'pictures'), { recursive: true });
  copyFileSync(join(DIGITS, 'pictures', '7.png'), join(folder, 'pictures', '7.png'));
  // The tolerance allows for rounding of levels: a PNG has 256, and the data set has 17.
  return { name: 'a seven', picture: 'pictures/7.png', response, tolerance: { absolute: 0.1 } };
}
