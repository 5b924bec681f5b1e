/** Control characters except line feeds and tabs, and characters that change the direction of writing. */
const UNPRINTABLE = /(?![\n\t])\p{Cc}|\p{Bidi_Control}/gu;

/** Makes a text with names from a model or a file safe for a terminal: invisible characters become JSON escapes. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/** The same for what must stay one line: a name with a line feed could pass for a line of ours. */
export function printableLine(text: string): string {
  return printable(text.replaceAll('\n', escaped));
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
