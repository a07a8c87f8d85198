// After a conversation: how long it was, and what the visitor may do with it.

import { asJson, asText, asWebVtt, save } from "./downloads.js";
import { gettext } from "./i18n.js";
import { ask } from "./past.js";
import { durationWords } from "./words.js";

export class Summary {
  /**
   * @param {HTMLElement} section
   * @param {{sessionsUrl: string, name: string}} about
   * @param {import("./call.js").Call} call
   */
  constructor(section, about, call) {
    this._section = section;
    this._about = about;
    this._call = call;
    this._words = /** @type {HTMLElement} */ (section.querySelector("#summary-words"));
    for (const button of section.querySelectorAll("button")) {
      button.addEventListener("click", () => void this._press(button));
    }
  }

  /** Shows it where a conversation has taken place, hides it elsewhere. */
  show() {
    const over = ["ended", "over", "idle"].includes(this._call.state);
    const spoken = this._call.transcript.lines.length > 0 && Boolean(this._call.session);
    if (over && spoken && this._section.hidden && this._section.dataset.session !== this._call.session) {
      this._section.dataset.session = this._call.session;
      this._words.textContent = gettext("You talked for {duration}. Turns: {turns}.", {
        duration: durationWords((Date.now() - this._call.begunAt) / 1000),
        turns: this._call.transcript.turns.length,
      });
      this._section.hidden = false;
    } else if (!over) {
      this._section.hidden = true;
      delete this._section.dataset.session;
    }
  }

  /** @param {HTMLButtonElement} button */
  async _press(button) {
    const url = `${this._about.sessionsUrl}/${this._call.session}`;
    const name = `greenroom-${this._call.session.slice(0, 8)}`;
    const you = gettext("You");
    try {
      if (button.dataset.what === "erase") {
        if (!confirm(gettext("Erase this conversation for good?"))) return;
        const { erased } = await ask(url, "DELETE", undefined, this._call.token);
        this._words.textContent = gettext("Erased: {turns} turns, and the key that could read them.", { turns: erased.turns });
        for (const other of this._section.querySelectorAll("button")) other.hidden = true;
        return;
      }
      // A page within another page has no cookie: what it has heard itself is there all the same.
      const kept = await ask(url, "GET", undefined, this._call.token).catch(() => this._call.kept);
      if (button.dataset.what === "text") save(`${name}.txt`, "text/plain", asText(kept, this._about.name, you));
      if (button.dataset.what === "json") save(`${name}.json`, "application/json", asJson(kept));
      if (button.dataset.what === "vtt") save(`${name}.vtt`, "text/vtt", asWebVtt(kept, this._about.name, you));
    } catch (error) {
      this._words.textContent = error instanceof Error ? error.message : String(error);
    }
  }
}
