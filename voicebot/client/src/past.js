// The visitor's past conversations with this character: go on with one, rename it, search them, erase them.

import { gettext } from "./i18n.js";

/**
 * @typedef {{id: string, character: string, state: string, title: string, activeAt: string, turns: number,
 *   found?: string}} Entry
 */

const SEARCH_AFTER_MS = 250;

/**
 * A request to the visitor's own sessions. Throws an Error with the server's words.
 * @param {string} url
 * @param {string} [method]
 * @param {object} [body]
 * @param {string} [token] of the session, for visitors without a cookie
 */
export async function ask(url, method = "GET", body = undefined, token = "") {
  const response = await fetch(url, {
    method,
    headers: { ...(body && { "Content-Type": "application/json" }), ...(token && { Authorization: `Bearer ${token}` }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error?.message || gettext("That did not work."));
  return answer;
}

export class Past {
  /**
   * @param {HTMLDialogElement} dialog
   * @param {{sessionsUrl: string, slug: string}} about
   * @param {(message: string) => void} tell says something to the visitor
   */
  constructor(dialog, about, tell) {
    this._about = about;
    this._tell = tell;
    this._list = /** @type {HTMLElement} */ (dialog.querySelector("#past-list"));
    this._none = /** @type {HTMLElement} */ (dialog.querySelector("#past-none"));
    this._all = /** @type {HTMLButtonElement} */ (dialog.querySelector("#past-erase-all"));
    this._search = /** @type {HTMLInputElement} */ (dialog.querySelector("#past-search"));
    this._asked = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this._soon = undefined;
    this._search.addEventListener("input", () => {
      clearTimeout(this._soon);
      this._soon = setTimeout(() => void this.show(), SEARCH_AFTER_MS);
    });
    this._all.addEventListener("click", () => void this._eraseAll());
  }

  async show() {
    const words = this._search.value.trim();
    const query = new URLSearchParams({ character: this._about.slug, ...(words && { q: words }) });
    const asked = ++this._asked;
    let entries = /** @type {Entry[]} */ ([]);
    try {
      entries = (await ask(`${this._about.sessionsUrl}?${query}`)).sessions;
    } catch {
      // Nobody is known here yet: then there is nothing to show.
    }
    if (asked !== this._asked) return; // a later search has begun
    this._list.replaceChildren(...entries.map((entry) => this._item(entry)));
    this._none.hidden = entries.length > 0;
    this._none.textContent = words ? gettext("Nothing was found.") : gettext("You have not talked here before.");
    this._all.hidden = entries.length === 0 || Boolean(words);
    return entries.length;
  }

  /** @param {Entry} entry */
  _item(entry) {
    const item = document.createElement("li");
    const words = document.createElement("div");
    const title = document.createElement("b");
    title.textContent = entry.title || gettext("A conversation");
    const when = document.createElement("span");
    when.textContent = gettext("{when}, {turns} turns", {
      when: new Date(entry.activeAt).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" }),
      turns: entry.turns,
    });
    words.append(title, when);
    if (entry.found) words.append(Object.assign(document.createElement("q"), { textContent: entry.found }));
    item.append(words, this._actions(entry, title));
    return item;
  }

  /**
   * @param {Entry} entry
   * @param {HTMLElement} title
   */
  _actions(entry, title) {
    const actions = document.createElement("div");
    actions.className = "actions";
    if (["created", "active", "idle"].includes(entry.state)) {
      const link = document.createElement("a");
      link.href = `?session=${encodeURIComponent(entry.id)}`;
      link.textContent = gettext("Go on");
      actions.append(link);
    }
    actions.append(
      button(gettext("Rename"), () => this._rename(entry, title)),
      button(gettext("Erase"), () => void this._erase(entry)),
    );
    return actions;
  }

  /**
   * @param {Entry} entry
   * @param {HTMLElement} title
   */
  _rename(entry, title) {
    const form = document.createElement("form");
    const input = document.createElement("input");
    input.value = entry.title;
    input.maxLength = 120;
    input.setAttribute("aria-label", gettext("Name of the conversation"));
    form.append(input, button(gettext("Keep"), () => undefined, "submit"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this._try(() => ask(`${this._about.sessionsUrl}/${entry.id}`, "PATCH", { title: input.value.trim() }));
    });
    title.replaceWith(form);
    input.focus();
  }

  /** @param {Entry} entry */
  async _erase(entry) {
    if (!confirm(gettext("Erase this conversation for good?"))) return;
    await this._try(() => ask(`${this._about.sessionsUrl}/${entry.id}`, "DELETE"));
  }

  async _eraseAll() {
    if (!confirm(gettext("Erase all conversations with this character for good?"))) return;
    const query = new URLSearchParams({ character: this._about.slug });
    await this._try(() => ask(`${this._about.sessionsUrl}?${query}`, "DELETE"));
  }

  /** @param {() => Promise<unknown>} work */
  async _try(work) {
    try {
      await work();
    } catch (error) {
      this._tell(error instanceof Error ? error.message : String(error));
    }
    await this.show();
  }
}

/**
 * @param {string} words
 * @param {() => void} press
 * @param {"button" | "submit"} type
 */
function button(words, press, type = "button") {
  const made = document.createElement("button");
  made.type = type;
  made.className = "small";
  made.textContent = words;
  made.addEventListener("click", press);
  return made;
}
