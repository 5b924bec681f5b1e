/** Returns the element of index.html with this id. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

/** Creates an element. Strings become text, never markup, because they may come from a model or a server. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Shows the text, or hides the element if there is no text. */
export function showText(at: HTMLElement, text: string | undefined): void {
  // Unchanged text is not set again, because screen readers would read it a second time.
  if (at.textContent !== (text ?? '')) at.textContent = text ?? '';
  at.hidden = !text;
}
