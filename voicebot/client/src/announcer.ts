// What a screen reader is told, and when: a reply once, when it has been heard to its end, and a state when it changes.

import { byId, setText } from "./dom.ts";
import type { Turn } from "./transcript.ts";

export class Announcer {
  private readonly _reply = byId("reply-said");
  private readonly _state = byId("state-said");
  private _said = { key: "", length: 0 }; // which reply, and how much of it
  private _stateKey = "";

  /**
   * @param name of the character
   * @param speaking whether the voice is heard: nothing is read over it
   * @param over unless this is wished: then what has come of it is read at once, each part once
   */
  showReply(turns: readonly Turn[], name: string, speaking: boolean, over = false) {
    const last = turns.at(-1);
    if ((speaking && !over) || last?.who !== "character") return;
    const { key, length } = this._said;
    if (key === last.key && length >= last.text.length) return; // a reply that is cut off gets shorter
    const news = over && key === last.key ? last.text.slice(length).trim() : `${name}: ${last.text}`;
    this._said = { key: last.key, length: last.text.length };
    this._reply.textContent = news; // written also where it is the same once more
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
