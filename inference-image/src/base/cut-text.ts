/** Shortens names, lists and shapes that messages quote from a request. */

/** The first `max` characters of a string, followed by `…` if the string is longer. */
export function cut(text: string, max = 100): string {
  // Avoids cutting a surrogate pair in half.
  return text.length > max ? `${text.slice(0, max).replace(/[\uD800-\uDBFF]$/, '')}…` : text;
}

/** A name as JSON, cut to `max` characters. */
export function quoted(name: string, max = 100): string {
  return name.length > max
    ? `${JSON.stringify(name.slice(0, max).replace(/[\uD800-\uDBFF]$/, ''))}…`
    : JSON.stringify(name);
}

/** Names as JSON, each cut as by `quoted`. Lists only as many names as fit in `max` characters. */
export function quotedList(names: readonly string[], max = 500): string {
  const shown: string[] = [];
  let length = 0;
  for (const name of names) {
    const text = quoted(name);
    length += text.length + 2;
    if (length > max) return [...shown, '…'].join(', ');
    shown.push(text);
  }
  return shown.join(', ');
}

/** Maximum number of dimensions that a message shows. */
const SHOWN_SIZES = 16;

/** A shape in the protocol's notation. */
export function shapeText(shape: readonly number[]): string {
  return shape.length > SHOWN_SIZES ? `[${shape.slice(0, SHOWN_SIZES)},…]` : `[${shape}]`;
}
