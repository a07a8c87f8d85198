// A heartbeat: notices a line that stalls, and one that is dead though nobody has closed it.
//
// A browser answers a server's WebSocket pings by itself and tells the page nothing of them, so a hole in the line
// looks like a quiet character. What is quiet is asked for a sign of life; any message is one.

const LOOK_SECS = 0.25;
const QUIET_SECS = 1.2; // without a message: then one is asked for
const STALLED_SECS = 2.6; // without a message though one was asked for: then the visitor is told
const ANSWER_SECS = 1; // an answer may take so long
const AGAIN_SECS = 4; // a character that is being exchanged may miss a question
const DEAD_SECS = 18; // without an answer
const HASTE_SECS = 4; // the same, where the browser says that the network has changed

export interface HeartbeatOwner {
  /** Sends a question; what becomes of it is seen by `received`. */
  ask(): Promise<unknown>;
  /** Nothing comes, or something does again. */
  onStalled(stalled: boolean): void;
  /** Called once. */
  onDead(): void;
}

export class Heartbeat {
  private readonly _owner: HeartbeatOwner;
  private readonly _signal: AbortSignal;
  private readonly _now: () => number;
  private _receivedAt: number;
  private _askedAt = 0; // the first question since something was received, 0 for none
  private _lastAskedAt = 0;
  private _deadSecs = DEAD_SECS;
  private _stalled = false;

  /**
   * @param signal ends it
   * @param now milliseconds that only grow
   */
  constructor(owner: HeartbeatOwner, signal: AbortSignal, now = () => performance.now()) {
    this._owner = owner;
    this._signal = signal;
    this._now = now;
    this._receivedAt = now();
  }

  begin() {
    this.received();
    const timer = setInterval(() => this.look(), LOOK_SECS * 1000);
    this._signal.addEventListener("abort", () => clearInterval(timer), { once: true });
    for (const event of ["online", "offline"]) {
      window.addEventListener(event, () => this.hurry(), { signal: this._signal });
    }
  }

  /** Something came of the server. */
  received() {
    this._receivedAt = this._now();
    this._askedAt = 0;
    this._deadSecs = DEAD_SECS;
    this._stall(false);
  }

  /** The network is another now, or none: asks at once. */
  hurry() {
    this._deadSecs = HASTE_SECS;
    this._askedAt = 0;
    this._question();
  }

  look() {
    if (this._signal.aborted) return;
    const now = this._now();
    if (this._askedAt && now - this._askedAt > this._deadSecs * 1000) {
      this._owner.onDead();
      return;
    }
    const quiet = now - this._receivedAt;
    if (quiet > QUIET_SECS * 1000 && now - this._lastAskedAt > (this._askedAt ? AGAIN_SECS : QUIET_SECS) * 1000) {
      this._question();
    }
    // A page in the background looks seldom: what was asked just now has had no time to be answered.
    const asked = this._askedAt > 0 && now - this._askedAt >= ANSWER_SECS * 1000;
    if (asked && quiet >= STALLED_SECS * 1000) this._stall(true);
  }

  private _stall(stalled: boolean) {
    if (this._stalled === stalled) return;
    this._stalled = stalled;
    this._owner.onStalled(stalled);
  }

  private _question() {
    this._lastAskedAt = this._now();
    this._askedAt ||= this._lastAskedAt;
    void this._owner.ask().catch(() => undefined); // a refusal is a sign of life, too
  }
}
