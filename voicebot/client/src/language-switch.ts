// Another language for the page, in place: its words are exchanged, and a call goes on.

import { useCatalogue } from "./i18n.ts";

const SAID = ["aria-label", "placeholder", "title"]; // attributes that are words
const MARKS = ["aria-current", "data-foreign"]; // what holds for one language, and not for another
const SILENT = new Set(["SCRIPT", "STYLE", "SVG", "NOSCRIPT"]);

/** The texts of an element itself, without what only lays out the source. */
function textsOf(element: Element) {
  return [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && node.nodeValue?.trim());
}

/**
 * Puts the words of `fresh`, as the server wrote them, in place of those of `live`, the same element as it is now.
 * What a script has written meanwhile has no mate there, and stays.
 */
export function exchange(live: Element, fresh: Element) {
  for (const name of SAID) {
    const words = fresh.getAttribute(name);
    if (words !== null) live.setAttribute(name, words);
  }
  for (const name of MARKS) live.toggleAttribute(name, fresh.hasAttribute(name)) && live.setAttribute(name, "true");
  const [mine, theirs] = [textsOf(live), textsOf(fresh)];
  if (mine.length === theirs.length) mine.forEach((text, i) => (text.nodeValue = theirs[i].nodeValue));
  for (const [i, child] of [...fresh.children].entries()) {
    const mate = child.id ? live.querySelector(`#${CSS.escape(child.id)}`) : live.children[i];
    if (mate?.tagName === child.tagName && !SILENT.has(child.tagName.toUpperCase())) exchange(mate, child);
  }
}

/**
 * Takes over the form that chooses the page's language.
 * @param onExchanged the page's words are others now: what a script has written is to be written anew
 * @param onFailed the server did not answer
 */
export function listen(form: HTMLFormElement, onExchanged: () => void, onFailed: () => void) {
  let present: AbortController | null = null; // the newest wish counts
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const body = new FormData(form);
    if (event.submitter instanceof HTMLButtonElement) body.set(event.submitter.name, event.submitter.value);
    present?.abort();
    const { signal } = (present = new AbortController());
    // The answer is this page once more, in the language that is kept in a cookie from now on.
    void fetch(form.action, { method: "POST", body, signal })
      .then(async (response) => {
        if (!response.ok) throw new Error(String(response.status));
        const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
        signal.throwIfAborted();
        document.documentElement.lang = fresh.documentElement.lang;
        document.title = fresh.title;
        useCatalogue(fresh);
        exchange(document.body, fresh.body);
        onExchanged();
      })
      .catch(() => signal.aborted || onFailed());
  });
}
