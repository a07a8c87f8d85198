// The end of a conversation, which can be taken back for a moment.

import type { Call } from "./call.ts";

export const TAKE_BACK_SECS = 5;

export class PendingEnd {
  endsAt = 0; // milliseconds since 1970, 0 while nobody is about to leave
  private readonly _call: Call;
  private _timer: ReturnType<typeof setTimeout> | undefined;

  constructor(call: Call) {
    this._call = call;
  }

  get pending() {
    return this.endsAt > 0;
  }

  /** The visitor ends it: microphone closed and voice silent at once, the session over when nobody takes it back. */
  begin() {
    if (this.pending) return;
    if (!this._call.line.begun) return void this._call.end(); // nothing that one could be sorry for
    this.endsAt = Date.now() + TAKE_BACK_SECS * 1000;
    this._timer = setTimeout(() => this.finish(), TAKE_BACK_SECS * 1000);
    this._call.line.ask("character.interrupt");
    this._call.onInterrupted();
    this._hold(true);
  }

  /** It goes on. */
  takeBack() {
    if (this._decide()) this._hold(false);
  }

  /** It is over, now. */
  finish() {
    if (this._decide()) void this._call.end();
  }

  /** The page goes away, and nobody is there any more to take it back. */
  leavePage() {
    if (!this._decide()) return;
    this._call.line.endWithPage();
    void this._call.end();
  }

  private _hold(held: boolean) {
    this._call.microphone.held = held;
    this._call.media.hold(held);
    this._call.mute(this._call.muted); // as it was; what is held is not heard
  }

  private _decide() {
    if (!this.pending) return false;
    clearTimeout(this._timer);
    this.endsAt = 0;
    return true;
  }
}
