// Whose turn it is, by RTVI's messages: whether the line may be changed without anybody losing a word.

const BEGINS = ["user-started-speaking", "bot-started-speaking", "send-text", "client-ready"];
const ENDS = ["bot-stopped-speaking"];
const FORGOTTEN_MS = 20_000; // a cough begins a turn that nobody answers

export class Talk {
  private _since = -Infinity; // the newest turn began; Infinity below zero when it is over

  /** @param now milliseconds that only grow */
  note(type: string, now: number) {
    if (BEGINS.includes(type)) this._since = now;
    else if (ENDS.includes(type)) this._since = -Infinity;
  }

  /** Whether nobody speaks, and nobody is waited for. */
  rests(now: number) {
    return now - this._since > FORGOTTEN_MS;
  }
}
