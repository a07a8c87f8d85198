// The page's elements.

/** The element with this id, which the template has. */
export const byId = <T extends Element = HTMLElement>(id: string) => document.getElementById(id) as Element as T;

/** Writes only what changed: a live region announces every write. */
export function setText(element: Element, text: string) {
  if (element.textContent !== text) element.textContent = text;
}
