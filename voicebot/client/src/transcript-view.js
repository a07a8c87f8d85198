// What was said, on the screen: captions under the portrait, the transcript beside it.

import { gettext } from "./i18n.js";

/**
 * Writes only what changed: a live region announces every write.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export class TranscriptView {
  /**
   * @param {{caption: HTMLElement, spoken: HTMLElement, coming: HTMLElement, list: HTMLElement, empty: HTMLElement}} parts
   */
  constructor(parts) {
    this._parts = parts;
  }

  /**
   * @param {import("./transcript.js").Transcript} transcript
   * @param {string} name of the character
   */
  show(transcript, name) {
    this._showCaption(transcript.current);
    this._showTurns(transcript.turns, name);
  }

  /** @param {import("./transcript.js").Line | null} line */
  _showCaption(line) {
    const { caption, spoken, coming } = this._parts;
    caption.dataset.who = line?.who ?? "";
    const rest = line && !line.final ? line.text.slice(line.spoken.length) : "";
    setText(spoken, line ? (line.final ? line.text : line.spoken) : "");
    setText(coming, line?.who === "character" ? rest : "");
  }

  /**
   * @param {import("./transcript.js").Turn[]} turns
   * @param {string} name
   */
  _showTurns(turns, name) {
    const { list, empty } = this._parts;
    const log = /** @type {HTMLElement} */ (list.parentElement);
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    const known = new Map([...list.children].map((item) => [/** @type {HTMLElement} */ (item).dataset.key, item]));
    for (const turn of turns) {
      const item = /** @type {HTMLElement} */ (known.get(turn.key) ?? list.appendChild(this._item(turn, name)));
      known.delete(turn.key);
      item.classList.toggle("cut", turn.cut);
      setText(/** @type {HTMLElement} */ (item.querySelector("p")), turn.text + (turn.cut ? " —" : ""));
    }
    for (const gone of known.values()) gone.remove();
    if (atEnd) log.scrollTop = log.scrollHeight;
    empty.hidden = turns.length > 0;
  }

  /**
   * @param {import("./transcript.js").Turn} turn
   * @param {string} name
   */
  _item({ who, key }, name) {
    const item = document.createElement("li");
    item.dataset.key = key;
    item.dataset.who = who;
    const speaker = document.createElement("b");
    speaker.textContent = who === "character" ? name : gettext("You");
    const words = document.createElement("p");
    words.dataset.cut = gettext("(you spoke)");
    item.append(speaker, words);
    return item;
  }
}
