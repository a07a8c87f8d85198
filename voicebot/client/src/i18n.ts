// The page's words in the visitor's language: Django's catalogue, which the page carries as JSON.

const catalogue: Record<string, string> = (() => {
  const element = typeof document === "undefined" ? null : document.getElementById("catalogue");
  return element ? JSON.parse(element.textContent ?? "{}") : {};
})();

/**
 * `message` in the page's language, with the values for its {names}.
 * @param message as it stands in the source, in English
 */
export function gettext(message: string, values: Record<string, string | number> = {}) {
  return (catalogue[message] || message).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}
