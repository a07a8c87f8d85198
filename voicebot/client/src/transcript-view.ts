// What was said, on the screen: captions under the portrait, the transcript beside it.

import { byId, setText } from "./dom.ts";
import { gettext } from "./i18n.ts";
import { lit, type Cause, type Line, type Transcript, type Turn } from "./transcript.ts";

export class TranscriptView {
  private readonly _caption = byId("caption");
  private readonly _spoken = byId("caption-spoken");
  private readonly _coming = byId("caption-coming");
  private readonly _log = byId("log");
  private readonly _list = byId("lines");
  private readonly _empty = byId("silence");
  private _size: readonly [number, number] = [0, 0]; // of the log
  private _follows = true; // the newest, until the visitor scrolls up

  constructor() {
    this._log.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight, clientWidth } = this._log;
      const resized = clientHeight !== this._size[0] || clientWidth !== this._size[1]; // that is no visitor's scrolling
      if (clientHeight && !resized) this._follows = scrollHeight - scrollTop - clientHeight < 60;
    });
    // A phone that is turned, a field that opens: what was seen is seen still.
    new ResizeObserver(() => {
      this._size = [this._log.clientHeight, this._log.clientWidth];
      if (this._follows) this.opened();
    }).observe(this._log);
    new ResizeObserver(() => this._follow()).observe(this._caption);
  }

  /** The transcript has been opened: at its end. */
  opened() {
    this._follows = true;
    this._log.scrollTop = this._log.scrollHeight;
  }

  /** @param name of the character */
  show(transcript: Transcript, name: string) {
    this._showCaption(transcript.current, transcript.sounding);
    this._showTurns(transcript.entries, name);
  }

  /** The page speaks another language: the lines are written anew when they are shown. */
  translate() {
    this._list.replaceChildren();
  }

  private _showCaption(line: Line | null, sounding: boolean) {
    this._caption.dataset.who = line?.who ?? "";
    const bright = line ? lit(line, sounding) : "";
    setText(this._spoken, bright);
    setText(this._coming, line?.who === "character" ? line.text.slice(bright.length) : "");
    this._follow();
  }

  /** Where the caption has no room for all of its words, what is being said is seen. */
  private _follow() {
    const { scrollHeight, clientHeight } = this._caption;
    if (scrollHeight <= clientHeight) return;
    const said = [...this._spoken.getClientRects()].at(-1);
    if (!said) return void (this._caption.scrollTop = 0);
    const box = this._caption.getBoundingClientRect();
    // The line being said is the last but one, where two fit: the eye is ahead of the voice.
    const ahead = clientHeight >= 2 * said.height ? said.height * 1.25 : 0;
    this._caption.scrollTop += said.bottom + ahead - box.bottom;
  }

  private _showTurns(turns: readonly Turn[], name: string) {
    const items = [...this._list.children] as HTMLElement[];
    const known = new Map(items.map((item) => [item.dataset.key, item]));
    for (const turn of turns) {
      const item = known.get(turn.key) ?? this._list.appendChild(this._item(turn, name));
      known.delete(turn.key);
      item.classList.toggle("cut", turn.cut);
      const words = item.querySelector("p")!;
      if (turn.cut) words.dataset.cut = causeWords(turn.cause);
      setText(words, turn.text + (turn.cut ? " —" : ""));
    }
    for (const gone of known.values()) gone.remove();
    if (this._follows) this._log.scrollTop = this._log.scrollHeight;
    this._empty.hidden = turns.length > 0;
  }

  private _item(turn: Turn, name: string) {
    const item = document.createElement("li");
    item.dataset.key = turn.key;
    item.dataset.who = turn.who;
    if (turn.who !== "note") {
      const words = turn.who === "character" ? turn.name || name : gettext("You");
      item.append(Object.assign(document.createElement("b"), { textContent: words }));
    }
    item.append(document.createElement("p"));
    return item;
  }
}

function causeWords(cause: Cause) {
  if (cause === "spoke") return gettext("(you spoke)");
  return cause === "lost" ? gettext("(the connection was lost)") : gettext("(cut off)");
}
