// Watches the line of one connection, and asks the server for another rate of sound where that is better.

import type { Arrival } from "./line-gauge.ts";
import type { LineKind } from "./line-memory.ts";
import type { LineRate, RateHz } from "./line-rate.ts";

const LOOK_SECS = 1;
const ASK_SECS = 2; // between two questions, whose answers tell how the visitor's own sound does
const PROBE_SECS = 15; // where no sound comes that would tell what the line carries
const PROBES = 3; // one behind the other: how far apart they come is what tells it
const PROBE_BYTES = 2000;

export interface WatchedLine {
  /** Sends a question whose answer is so long; settles when that is there. */
  ping(bytes: number): Promise<unknown>;
  /** Seconds of the visitor's sound that the browser has not sent. */
  waitingSecs(): number;
  onRate(hz: RateHz): void;
  onCushion(secs: number): void;
}

export class LineWatch {
  private readonly _line: WatchedLine;
  private readonly _rate: LineRate;
  private readonly _signal: AbortSignal;
  private readonly _now: () => number;
  private _roundTripMs = Infinity; // the shortest
  stalled = false; // nothing comes at all, which is no matter of the rate
  private _calls = false; // by WebRTC, which follows the line by itself
  private _asking = false;
  private _askedAt = -Infinity;

  /** @param now milliseconds that only grow */
  constructor(line: WatchedLine, rate: LineRate, signal: AbortSignal, now = () => performance.now()) {
    this._line = line;
    this._rate = rate;
    this._signal = signal;
    this._now = now;
    rate.gauge.restart();
  }

  /**
   * The socket is open.
   * @param roundTripMs at most, by how long that took
   */
  opened(roundTripMs: number) {
    this._roundTripMs = roundTripMs;
    this._line.onCushion(this._cushionSecs);
  }

  /** Another line serves now. */
  change(kind: LineKind) {
    this._calls = kind === "webrtc";
    this._rate.gauge.restart();
  }

  begin() {
    const timer = setInterval(() => this.look(), LOOK_SECS * 1000);
    this._signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  }

  private get _cushionSecs() {
    return this._rate.cushionSecs(this._roundTripMs / 1000, this._now());
  }

  /** A packet of sound has come. */
  received(arrival: Arrival) {
    this._rate.gauge.take(arrival);
    this._tell(this._rate.arrived(arrival.at));
    this._line.onCushion(this._cushionSecs);
  }

  look() {
    if (this.stalled || this._calls) return;
    const now = this._now();
    this._tell(this._rate.look(this._line.waitingSecs(), now));
    if (this._asking || now - this._askedAt < (this._rate.hz ? ASK_SECS : PROBE_SECS) * 1000) return;
    this._asking = true;
    this._askedAt = now;
    void (this._rate.hz ? this._ask(now) : this._probe()).catch(() => undefined).finally(() => (this._asking = false));
  }

  private _tell(changed: boolean) {
    if (changed && !this._signal.aborted) this._line.onRate(this._rate.hz);
  }

  private async _ask(asked: number) {
    await this._line.ping(0);
    const ms = this._now() - asked;
    this._roundTripMs = Math.min(this._roundTripMs, ms);
    this._tell(this._rate.answered((ms - this._roundTripMs) / 1000 - this._rate.gauge.lateSecs, this._now()));
  }

  private async _probe() {
    let last = 0;
    const answers = Array.from({ length: PROBES }, async () => {
      await this._line.ping(PROBE_BYTES);
      const now = this._now();
      if (last) this._rate.gauge.carried(PROBE_BYTES, now - last, now);
      last = now;
    });
    await Promise.all(answers);
  }
}
