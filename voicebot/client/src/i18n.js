// The page's words in the visitor's language: Django's catalogue, which the page carries as JSON.

/** @type {Record<string, string>} */
const catalogue = (() => {
  const element = typeof document === "undefined" ? null : document.getElementById("catalogue");
  return element ? JSON.parse(element.textContent ?? "{}") : {};
})();

/**
 * `message` in the page's language, with the values for its {names}.
 * @param {string} message as it stands in the source, in English
 * @param {Record<string, string | number>} [values]
 */
export function gettext(message, values = {}) {
  return (catalogue[message] || message).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}
