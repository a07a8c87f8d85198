// The page's words in the visitor's language: Django's catalogue, which the page carries as JSON.

let catalogue: Record<string, string> = {};

/** Takes the catalogue that a page carries. */
export function useCatalogue(page: Document) {
  catalogue = JSON.parse(page.getElementById("catalogue")?.textContent ?? "{}");
}

if (typeof document !== "undefined") useCatalogue(document);

/**
 * `message` in the page's language, with the values for its {names}.
 * @param message as it stands in the source, in English
 */
export function gettext(message: string, values: Record<string, string | number> = {}) {
  return (catalogue[message] || message).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}
