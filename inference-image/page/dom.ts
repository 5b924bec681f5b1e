/** The element of index.html with this id. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

/** A new element. Texts become text and never markup, whatever a model or a server calls things. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Shows the text, or hides the element where there is none. */
export function showText(at: HTMLElement, text: string | undefined): void {
  // The same text in place of itself would be read aloud again.
  if (at.textContent !== (text ?? '')) at.textContent = text ?? '';
  at.hidden = !text;
}
