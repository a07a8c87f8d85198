// What becomes of the visitor's voice: whether there is a microphone, whether it is to be heard, whether anything comes.

import type { Settings } from "./settings.ts";

const SILENT_SECS = 6; // of nothing at all: switched off at its cable, or the wrong one

export class MicrophoneState {
  muted = false;
  held = false; // the conversation is about to end
  talking = false; // the key is held, where one pushes to talk
  available = true;
  refusal = ""; // why it is not: NotAllowedError, NotFoundError, ...
  silent = false; // it is open, and nothing comes of it
  private readonly _now: () => number;
  private _soundAt = 0;

  /** @param now milliseconds that only grow */
  constructor(now = () => performance.now()) {
    this._now = now;
  }

  /** Whether what is said now is sent. */
  hearing({ mode }: Pick<Settings, "mode">) {
    return this.available && !this.held && !this.muted && (mode === "open" || this.talking);
  }

  /** Asks the visitor for it. Throws only when the signal is aborted, with its reason. */
  async request(ask: (signal: AbortSignal) => Promise<void>, signal: AbortSignal) {
    try {
      await ask(signal);
      this.available = true;
      this.refusal = "";
    } catch (error) {
      signal.throwIfAborted();
      this.available = false;
      this.refusal = error instanceof Error ? error.name : "";
    }
  }

  /** It is another, or is opened or closed. */
  restart() {
    this._soundAt = this._now();
    this.silent = false;
  }

  /** Takes the level of one chunk; whether `silent` is another now. */
  take(level: number, hearing: boolean) {
    if (level > 0) this._soundAt = this._now();
    const before = this.silent;
    this.silent = hearing && this._now() - this._soundAt > SILENT_SECS * 1000;
    return this.silent !== before;
  }
}
