// After a conversation: how long it was, and what the visitor may do with it.

import type { Call } from "./call.ts";
import { byId, setText } from "./dom.ts";
import { asText, keptOf, saveAs, type Format } from "./downloads.ts";
import { gettext } from "./i18n.ts";
import { ask } from "./past.ts";
import { renew } from "./way-back.ts";
import { durationWords } from "./words.ts";

export class Summary {
  private readonly _section = byId("summary");
  private readonly _words = byId("summary-words");
  private readonly _about: { readonly sessionsUrl: string; readonly slug: string; readonly name: string };
  private readonly _call: Call;

  constructor(about: { readonly sessionsUrl: string; readonly slug: string; readonly name: string }, call: Call) {
    this._about = about;
    this._call = call;
    for (const button of document.querySelectorAll<HTMLButtonElement>("#transcript [data-save]")) {
      button.addEventListener("click", () => void this._take(button));
      button.hidden = button.dataset.save === "copy" && !navigator.clipboard; // kept from pages without https
    }
    for (const button of this._section.querySelectorAll("button")) {
      button.addEventListener("click", () => void this._press(button));
    }
  }

  /** Shows it where a conversation has taken place, hides it elsewhere. */
  show() {
    const over = ["ended", "over", "idle"].includes(this._call.state);
    const turns = this._call.transcript.entries.filter(({ who }) => who !== "note").length;
    const spoken = turns > 0 && Boolean(this._call.session);
    if (over && spoken && this._section.hidden && this._section.dataset.session !== this._call.session) {
      this._section.dataset.session = this._call.session;
      this._words.textContent = gettext("You talked for {duration}. Turns: {turns}.", {
        duration: durationWords((Date.now() - this._call.begunAt) / 1000),
        turns,
      });
      this._section.hidden = false;
      byId("past-open").hidden = document.body.classList.contains("embedded");
      for (const button of this._section.querySelectorAll("button")) {
        button.hidden = button.dataset.what === "again" && this._call.state === "idle"; // then one goes on
      }
    } else if (!over) {
      this._section.hidden = true;
      delete this._section.dataset.session;
    }
  }

  /** The conversation as this page knows it. */
  private get _known() {
    const { transcript, session, begunAt } = this._call;
    const { entries } = transcript;
    return keptOf(entries, session, this._about.slug, entries[0]?.at ?? begunAt);
  }

  /** From the transcript: what the page knows, at once. */
  private async _take(button: HTMLButtonElement) {
    const { name } = this._about;
    if (button.dataset.save !== "copy") return saveAs(button.dataset.save as Format, this._known, name, gettext("You"));
    await navigator.clipboard.writeText(asText(this._known, name, gettext("You")));
    setText(byId("copied"), gettext("Copied."));
  }

  private async _press(button: HTMLButtonElement) {
    const url = `${this._about.sessionsUrl}/${this._call.session}`;
    const you = gettext("You");
    try {
      if (button.dataset.what === "again") {
        renew(this._call, this._call.session);
        return void this._call.begin();
      }
      if (button.dataset.what === "erase") {
        if (!confirm(gettext("Erase this conversation for good?"))) return;
        const { erased } = await ask(url, "DELETE", undefined, this._call.line.secret);
        this._words.textContent = gettext("Erased: {turns} turns, and the key that could read them.", { turns: erased.turns });
        for (const other of this._section.querySelectorAll("button")) other.hidden = true;
        return;
      }
      // A page within another page has no cookie: what it has heard itself is there all the same.
      const kept = await ask(url, "GET", undefined, this._call.line.secret).catch(() => this._known);
      saveAs(button.dataset.what as Format, kept, this._about.name, you);
    } catch (error) {
      this._words.textContent = error instanceof Error ? error.message : String(error);
    }
  }
}
