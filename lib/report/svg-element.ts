type Attributes = Readonly<Record<string, string | number>>;

/** An SVG element as text. Each child element is on its own line, for readable diffs. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(attributeText(value))}"`);
  const tag = `${name}${list.join('')}`;
  if (children.length === 0) return `<${tag}/>`;
  const hasElements = children.some((child) => child.startsWith('<'));
  const content = hasElements ? `\n${children.join('\n')}\n` : children.join('');
  return `<${tag}>${content}</${name}>`;
}

/** Escapes text for XML. */
export function escaped(text: string): string {
  // XML cannot represent any other characters, even if they are escaped.
  const allowed = text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
  return allowed.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Rounds numbers to tenths of a pixel. */
function attributeText(value: string | number): string {
  return typeof value === 'number' ? String(Math.round(10 * value) / 10) : value;
}
