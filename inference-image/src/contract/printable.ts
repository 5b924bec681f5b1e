/** Control characters except line feed and tab, and characters that change the text direction. */
const UNPRINTABLE = /(?![\n\t])\p{Cc}|\p{Bidi_Control}/gu;

/** Makes text with names from a model or a file safe for a terminal: invisible characters become JSON escapes. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/**
 * Like `printable`, for text that must stay on one line. A line feed in a name could otherwise forge a line of output.
 */
export function printableLine(text: string): string {
  return printable(text.replaceAll('\n', escaped));
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
