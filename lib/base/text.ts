const KIB = 1024;
const MIB = 1024 * KIB;

/** Formats a size: `16 MiB`, `2.5 MiB`, `976 KiB`, `1,000 bytes`. */
export function bytesText(bytes: number): string {
  if (bytes >= MIB) return `${oneDecimal(bytes / MIB)} MiB`;
  if (bytes >= KIB) return `${oneDecimal(bytes / KIB)} KiB`;
  return `${grouped(String(bytes))} byte${bytes === 1 ? '' : 's'}`;
}

function oneDecimal(value: number): string {
  return grouped(value.toFixed(1).replace(/\.0$/, ''));
}

/**
 * Inserts commas as thousands separators. Intl is not used because it takes 11 ms to load, and every plan prints sizes.
 */
function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** Quotes a word for a POSIX shell if necessary. Used in commands that people copy. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

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

/** Formats a number with all its digits: `1,200`, `0.0012`. */
export function figure(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 15 });
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Formats a duration with three digits in the most readable unit: `812 µs`, `1.25 ms`, `20 s`. */
export function durationText(seconds: number): string {
  if (seconds < 0.9995e-3) return `${threeDigits(1e6 * seconds)} µs`;
  if (seconds < 0.9995) return `${threeDigits(1e3 * seconds)} ms`;
  return `${threeDigits(seconds)} s`;
}

/** Formats a number with three digits: `12,300`, `0.25`. */
export function threeDigits(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}
