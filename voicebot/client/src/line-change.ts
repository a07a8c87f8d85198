// When a socket that does badly is left for a call, in mid-conversation.

const FIRST_WAIT_MS = 30_000; // after a call that did not come about
const LAST_WAIT_MS = 240_000; // each is followed by twice the wait

export class LineChange {
  private _wanted = false;
  private _waitMs = FIRST_WAIT_MS;
  private _notBefore = -Infinity;

  /** The socket loses sound, or stalls. */
  want() {
    this._wanted = true;
  }

  /**
   * Whether it is to be tried now.
   * @param quiet whether nobody speaks, and nobody is about to
   * @param now milliseconds that only grow
   */
  due(quiet: boolean, now: number) {
    return this._wanted && quiet && now >= this._notBefore;
  }

  failed(now: number) {
    this._notBefore = now + this._waitMs;
    this._waitMs = Math.min(LAST_WAIT_MS, 2 * this._waitMs);
  }

  /** Another line serves: how the last one did is no matter. */
  changed() {
    this._wanted = false;
  }
}
