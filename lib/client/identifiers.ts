import { printable } from '../../inference-image/src/contract/printable';

/** Prefix of the names in a model's client: the client of `digits-v2` is `DigitsV2Client`. */
export function clientPrefix(modelName: string): string {
  const words = modelName.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  const prefix = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return /^\d/.test(prefix) ? `Model${prefix}` : prefix;
}

export function isIdentifier(text: string): boolean {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(text);
}

/** Formats a string literal, in single quotes unless they would have to be escaped. */
export function stringLiteral(text: string): string {
  const json = printable(JSON.stringify(text));
  if (text.includes("'") && !text.includes('"')) return json;
  return `'${json.slice(1, -1).replace(/\\(.)|'/g, (token, escaped) => (escaped === '"' ? '"' : token === "'" ? "\\'" : token))}'`;
}

export function propertyName(text: string): string {
  return isIdentifier(text) ? text : stringLiteral(text);
}

/** Makes text safe for a comment: puts it on one line, and breaks up character sequences that would end the comment. */
export function commentText(text: string): string {
  return printable(text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ')).replaceAll('*/', '* /');
}
