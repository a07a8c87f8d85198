// What a screen reader is told, and when: a reply once, when it has been heard to its end, and a state when it changes.

import { byId, setText } from "./dom.ts";
import type { Line, Turn } from "./transcript.ts";

export class Announcer {
  private readonly _reply = byId("reply-said");
  private readonly _state = byId("state-said");
  private _said = ""; // which reply, and how much of it
  private _line = 0; // which sentence
  private _stateKey = "";

  /**
   * @param name of the character
   * @param speaking whether the voice is heard: nothing is read over it
   */
  showReply(turns: readonly Turn[], name: string, speaking: boolean) {
    const last = turns.at(-1);
    if (speaking || last?.who !== "character") return;
    const said = `${last.key} ${last.text.length}`;
    if (said === this._said) return;
    this._said = said;
    this._reply.textContent = `${name}: ${last.text}`; // written also where it is the same once more
  }

  /** For whoever wishes it: each sentence when the voice begins it, or before, and once. */
  readAlong(line: Line | null, name: string) {
    if (line?.who !== "character" || line.id === this._line) return;
    this._line = line.id;
    this._reply.textContent = `${name}: ${line.text}`;
  }

  /**
   * @param key what the words are about: while it is the same, only a countdown goes on, which nobody wants to hear
   */
  showState(key: string, words: string) {
    if (key === this._stateKey) return;
    this._stateKey = key;
    setText(this._state, words);
  }
}
