// The way back into a conversation: after a reload, or from the list of past ones; what is over is read and begun from.

import type { Call } from "./call.ts";
import { byId, setText } from "./dom.ts";
import type { Kept } from "./downloads.ts";
import { entriesOf, isLive, leftAt, leftWords, note, speakerOf } from "./earlier.ts";
import { gettext } from "./i18n.ts";
import { ask, Refused } from "./past.ts";
import * as unfinished from "./unfinished.ts";

const GONE = [401, 403, 404]; // how the server says that there is nothing for this visitor

interface About {
  readonly name: string;
  readonly slug: string;
  readonly sessionsUrl: string;
}

export class WayBack {
  /** The session that is to be gone on with or read, '' for none. */
  readonly session: string;
  private readonly _about: About;
  private readonly _key: string;
  private readonly _begin = byId<HTMLButtonElement>("begin");
  private readonly _anew = byId<HTMLButtonElement>("begin-anew");
  private readonly _left = byId("left-off");
  private _words = this._begin.textContent ?? "";
  private _over = false; // what is read here: a new session may begin with its end
  private _kept: Kept | null = null; // as the server told it

  /** @param remembers whether this page may come back to what it was in the middle of */
  constructor(about: About, draft: boolean, remembers: boolean) {
    this._about = about;
    this._key = remembers ? about.slug + (draft ? ".draft" : "") : "";
    this.session = new URLSearchParams(location.search).get("session") ?? unfinished.found(this._key);
  }

  /** Watches which session is under way, so that a page that is loaded anew finds it. */
  watch(call: Call) {
    let known = this.session;
    call.addEventListener("change", () => {
      const over = call.state === "ended" || call.state === "over";
      const now = over ? "" : call.session;
      if (now === known) return;
      known = now;
      unfinished.keep(this._key, now);
    });
    this._begin.addEventListener("click", () => {
      if (this._over) this._renew(call, this.session);
      void call.begin();
    });
    this._anew.addEventListener("click", () => {
      this._renew(call);
      void call.begin();
    });
  }

  /** Another session begins here: the page's address is that of no other any more. */
  private _renew(call: Call, follows = "") {
    renew(call, follows);
    this._kept = null;
    this._offer(this._words, "", false);
  }

  /** The page speaks another language, of which the button has the words that the server gives it. */
  translate(call: Call) {
    this._words = this._begin.textContent ?? "";
    if (this._kept && call.state === "waiting") this._show(call, this._kept);
  }

  private _offer(press: string, words: string, anew: boolean) {
    setText(this._begin, press);
    setText(this._left, words);
    this._left.hidden = !words;
    this._anew.hidden = !anew;
  }

  /**
   * Reads what was said, and offers to go on. Whether it is over, and there to be read.
   */
  async look(call: Call) {
    if (!this.session) return false;
    this._begin.disabled = true;
    try {
      return this._show(call, await ask(`${this._about.sessionsUrl}/${this.session}`));
    } catch (error) {
      if (error instanceof Refused && GONE.includes(error.status)) this._forget(call);
      return false; // nobody answers: the call will say so
    } finally {
      this._begin.disabled = false;
    }
  }

  /** It is not there any more, or somebody else's: then there is nothing to come back to. */
  private _forget(call: Call) {
    const asked = new URLSearchParams(location.search).has("session");
    unfinished.keep(this._key, "");
    this._renew(call);
    if (asked) this._offer(this._words, gettext("That conversation is not here any more."), false);
  }

  private _show(call: Call, kept: Kept) {
    const { name } = this._about;
    const asked = new URLSearchParams(location.search).has("session");
    const live = isLive(kept.state ?? "");
    if (!live && !asked) return this._forget(call), false;
    const words = leftWords(kept, name, Date.now());
    if (kept.turns.length) call.transcript.clear([...entriesOf(kept), note("left", words, leftAt(kept))]);
    const state = live ? gettext("You are in the middle of a conversation.") : gettext("This conversation is over.");
    const press = live ? gettext("Go on with {name}", { name: speakerOf(kept, name) }) : gettext("Begin again from here");
    this._offer(press, `${state} ${words}`, true);
    this._over = !live;
    this._kept = kept;
    call.dispatchEvent(new Event("change"));
    return this._over;
  }
}

/** Makes room for another session, which may follow one that is over. */
export function renew(call: Call, follows = "") {
  call.renew(follows, follows && call.line.secret);
  if (follows) call.transcript.note(gettext("You began again from here."));
  const address = new URL(location.href);
  address.searchParams.delete("session");
  history.replaceState(null, "", address);
}
