// @ts-check
/// <reference path="desk.js" />
// Documents of a character: files are dropped, the list is asked for again while something is being read. What
// comes back is a page of ours. `token` is of desk.js, which the page loads before.

const LOOK_MS = 2000; // between two looks at what is being read
const ALONE = 1; // files of a drop that are sent at once: one that is too large is not to take the others along

/** @param {HTMLElement} section */
function keepDocuments(section) {
  const list = /** @type {HTMLElement} */ (document.getElementById("documents-list"));
  const said = /** @type {HTMLElement} */ (document.getElementById("documents-said"));
  let timer = 0;
  let asked = 0;

  /**
   * @param {string} url
   * @param {FormData} [body]
   */
  async function ask(url, body) {
    const mine = ++asked;
    clearTimeout(timer);
    try {
      const answer = await fetch(`${url}?fragment`, {
        method: body ? "POST" : "GET",
        body: body ?? null,
        headers: { "X-CSRFToken": token() },
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      said.textContent = "";
      if (mine === asked) show(page);
    } catch {
      said.textContent = section.dataset.away ?? "";
    }
    if (mine === asked) look();
  }

  /** @param {Document} page */
  function show(page) {
    const held = /** @type {HTMLElement | null} */ (list.contains(document.activeElement) ? document.activeElement : null);
    const name = held?.getAttribute("aria-label");
    const refused = [...list.querySelectorAll(".refused")];
    list.replaceChildren(...page.body.children);
    list.querySelector(".desk-refusals")?.prepend(...refused); // to be read until the next drop
    if (name) /** @type {HTMLElement | null} */ (list.querySelector(`[aria-label="${CSS.escape(name)}"]`))?.focus();
    ready();
  }

  /** Asks again only while there is something to see, and somebody to see it. */
  function look() {
    clearTimeout(timer);
    if (!list.querySelector("[data-busy]")) return;
    timer = window.setTimeout(() => {
      // A list that somebody chooses from stays open.
      if (document.hidden || document.activeElement?.matches("#documents-list select")) look();
      else void ask(section.dataset.list ?? "");
    }, LOOK_MS);
  }

  /** @param {FileList | null | undefined} files */
  async function send(files) {
    const all = [...(files ?? [])];
    list.querySelector(".desk-refusals")?.replaceChildren();
    for (let at = 0; at < all.length; at += ALONE) {
      const body = new FormData();
      for (const file of all.slice(at, at + ALONE)) body.append("documents", file);
      await ask(section.dataset.list ?? "", body);
    }
  }

  function ready() {
    const choose = /** @type {HTMLInputElement | null} */ (list.querySelector("input[type=file]"));
    if (!choose) return;
    // The theme looks for a text field beside every file field, and stumbles where there is none.
    Object.assign(choose, { hasChangeListener: true });
    choose.addEventListener("change", () => void send(choose.files));
  }

  section.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    event.preventDefault();
    const button = /** @type {HTMLButtonElement | null} */ (/** @type {SubmitEvent} */ (event).submitter);
    if (button?.dataset.sure && !confirm(button.dataset.sure)) return;
    const body = new FormData(form, button);
    list.querySelector(".desk-refusals")?.replaceChildren();
    void ask(form.action, body);
  });

  const zone = (/** @type {Event} */ event) => /** @type {HTMLElement} */ (event.target).closest?.(".document-add");
  for (const kind of ["dragenter", "dragover"]) {
    section.addEventListener(kind, (event) => {
      event.preventDefault();
      zone(event)?.classList.add("over");
    });
  }
  section.addEventListener("dragleave", (event) => zone(event)?.classList.remove("over"));
  section.addEventListener("drop", (event) => {
    event.preventDefault();
    list.querySelector(".over")?.classList.remove("over");
    void send(event.dataTransfer?.files);
  });
  document.addEventListener("visibilitychange", look);
  ready();
  look();
}

document.addEventListener("DOMContentLoaded", () => {
  const section = document.getElementById("documents");
  if (section) keepDocuments(section);
});
