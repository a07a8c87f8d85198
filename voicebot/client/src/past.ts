// The visitor's past conversations with this character: go on with one, rename it, search them, erase them.

import { byId } from "./dom.ts";
import { isLive } from "./earlier.ts";
import { gettext } from "./i18n.ts";

interface Entry {
  readonly id: string;
  readonly character: string;
  readonly state: string;
  readonly title: string;
  readonly activeAt: string;
  readonly turns: number;
  readonly found?: string;
}

const SEARCH_AFTER_MS = 250;

/** The server's own words of why not. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * A request to the visitor's own sessions. Throws Refused, and what fetch throws where nobody answers.
 * @param secret of the session, for visitors without a cookie
 */
export async function ask(url: string, method = "GET", body?: object, secret = "") {
  const response = await fetch(url, {
    method,
    headers: { ...(body && { "Content-Type": "application/json" }), ...(secret && { Authorization: `Bearer ${secret}` }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, answer.error?.message || gettext("That did not work."));
  return answer;
}

export class Past {
  private readonly _about: { readonly sessionsUrl: string; readonly slug: string };
  private readonly _tell: (message: string) => void;
  private readonly _list = byId("past-list");
  private readonly _none = byId("past-none");
  private readonly _all = byId<HTMLButtonElement>("past-erase-all");
  private readonly _search = byId<HTMLInputElement>("past-search");
  private _asked = 0;
  private _soon: ReturnType<typeof setTimeout> | undefined;

  /** @param tell says something to the visitor */
  constructor(about: { readonly sessionsUrl: string; readonly slug: string }, tell: (message: string) => void) {
    this._about = about;
    this._tell = tell;
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
    let entries: Entry[] = [];
    try {
      entries = (await ask(`${this._about.sessionsUrl}?${query}`)).sessions;
    } catch {
      // Nobody is known here yet: then there is nothing to show.
    }
    if (asked !== this._asked) return; // a later search has begun
    if (this._list.querySelector("form :focus")) return; // a name is being written
    this._list.replaceChildren(...entries.map((entry) => this._item(entry)));
    this._none.hidden = entries.length > 0;
    this._none.textContent = words ? gettext("Nothing was found.") : gettext("You have not talked here before.");
    this._all.hidden = entries.length === 0 || Boolean(words);
    return entries.length;
  }

  private _item(entry: Entry) {
    const item = document.createElement("li");
    item.dataset.id = entry.id;
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

  private _actions(entry: Entry, title: HTMLElement) {
    const actions = document.createElement("div");
    actions.className = "actions";
    const link = document.createElement("a");
    link.href = `?session=${encodeURIComponent(entry.id)}`;
    link.textContent = isLive(entry.state) ? gettext("Go on") : gettext("Read");
    actions.append(
      link,
      button(gettext("Rename"), () => this._rename(entry, title)),
      button(gettext("Erase"), () => void this._erase(entry)),
    );
    return actions;
  }

  private _rename(entry: Entry, title: HTMLElement) {
    const form = document.createElement("form");
    const input = document.createElement("input");
    input.value = entry.title;
    input.maxLength = 120;
    input.setAttribute("aria-label", gettext("Name of the conversation"));
    form.append(input, button(gettext("Keep"), () => undefined, "submit"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      title.textContent = input.value.trim();
      form.replaceWith(title);
      void this._try(entry.id, () => ask(`${this._about.sessionsUrl}/${entry.id}`, "PATCH", { title: input.value.trim() }));
    });
    title.replaceWith(form);
    input.focus();
  }

  private async _erase(entry: Entry) {
    if (!confirm(gettext("Erase this conversation for good?"))) return;
    await this._try(entry.id, () => ask(`${this._about.sessionsUrl}/${entry.id}`, "DELETE"));
  }

  private async _eraseAll() {
    if (!confirm(gettext("Erase all conversations with this character for good?"))) return;
    const query = new URLSearchParams({ character: this._about.slug });
    await this._try("", () => ask(`${this._about.sessionsUrl}?${query}`, "DELETE"));
  }

  private async _try(id: string, work: () => Promise<unknown>) {
    try {
      await work();
    } catch (error) {
      this._tell(error instanceof Error ? error.message : String(error));
    }
    await this.show();
    const again = this._list.querySelector<HTMLElement>(`[data-id="${id}"] button`) ?? this._list.querySelector("button");
    (again ?? this._search).focus(); // what was pressed is another by now, or gone
  }
}

function button(words: string, press: () => void, type: "button" | "submit" = "button") {
  const made = document.createElement("button");
  made.type = type;
  made.className = "small";
  made.textContent = words;
  made.addEventListener("click", press);
  return made;
}
