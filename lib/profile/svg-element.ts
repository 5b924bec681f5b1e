type Attributes = Readonly<Record<string, string | number>>;

/** An element of an SVG picture, as text. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(attributeText(value))}"`);
  return children.length > 0 ? `<${name}${list.join('')}>${children.join('')}</${name}>` : `<${name}${list.join('')}/>`;
}

/** Characters for an element. */
export function escaped(text: string): string {
  // What XML has not, even escaped.
  const allowed = text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
  return allowed.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Tenths of a pixel are enough. */
function attributeText(value: string | number): string {
  return typeof value === 'number' ? String(Math.round(10 * value) / 10) : value;
}
