/** What a caller sends is not echoed at any length: names, lists and shapes in messages are cut. */

/** The beginning of a text, with `…` where something is left out. */
export function cut(text: string, max = 100): string {
  // Not in the middle of a surrogate pair.
  return text.length > max ? `${text.slice(0, max).replace(/[\uD800-\uDBFF]$/, '')}…` : text;
}

/** A name as JSON, cut to `max` characters. */
export function quoted(name: string, max = 100): string {
  return name.length > max
    ? `${JSON.stringify(name.slice(0, max).replace(/[\uD800-\uDBFF]$/, ''))}…`
    : JSON.stringify(name);
}

/** Names in the same way, as many as `max` characters hold. */
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

/** Sizes that a message shows of a shape. */
const SHOWN_SIZES = 16;

/** A shape as the protocol writes it. */
export function shapeText(shape: readonly number[]): string {
  return shape.length > SHOWN_SIZES ? `[${shape.slice(0, SHOWN_SIZES)},…]` : `[${shape}]`;
}
