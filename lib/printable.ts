/** Control characters but for ends of lines and tabs, and those that change the direction of writing. */
const UNPRINTABLE = /(?![\n\t])\p{Cc}|\p{Bidi_Control}/gu;

/** A text with names of a model's, or of a file's, as a terminal may have it: what is not seen is written as JSON does. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
