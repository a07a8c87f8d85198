// The rate of the sound, by what the line carries: 24, 16 or 8 kHz, or none, and then it is a conversation in writing.

import { LineGauge } from "./line-gauge.ts";

export const RATES_HZ = [24_000, 16_000, 8_000, 0] as const;
export type RateHz = (typeof RATES_HZ)[number];

const OVERHEAD = 1.04; // of frames, on what PCM takes
const ROOM = 1.3; // that there has to be above a higher rate's need before it is tried
const MEASURES = 2; // one may be a packet that was lost
const RISE_MEASURES = 4;
const RISE_SHARE = 0.2; // of the measures, which may be lower than what a rise needs
const LATE_SECS = 0.1; // the lead and the cushion cover that much
const STALL_SECS = 0.4;
const STALLS = 3; // within...
const STALLS_MS = 20_000; // ...which a line is one that loses too much
const WAITING_SECS = 1; // of the visitor's sound, on its way for longer than it lasts
const LOOKS = 3; // in a row, one a second: what stalls for longer is no matter of the rate
const LONG_SECS = 3; // a server that is slow is not a line without room
const ANSWERS = 2; // in a row: a stall delays one
const FIRST_RISE_MS = 15_000;
const LAST_RISE_MS = 240_000; // each rise that was none is followed by twice the wait

const MIN_CUSHION_SECS = 0.12;
const MAX_CUSHION_SECS = 1;
const ROUND_TRIPS = 2.2; // that TCP takes to notice that a packet was lost, and to send it again
const THIN_CUSHION_SECS = 0.6; // while a line that is too thin has not been given less to carry

/** Bytes that a rate takes in a second: mono int16. */
export const need = (hz: number) => 2 * hz * OVERHEAD;

/** The highest rate that such a line carries. */
export function rateFor(capacity: number, room = 1): RateHz {
  return RATES_HZ.find((hz) => need(hz) * room <= capacity) ?? 0;
}

export class LineRate {
  readonly gauge = new LineGauge();
  private _hz: RateHz;
  private _changedAt = -Infinity;
  private _rose = false; // the last change was a rise
  private _riseMs = FIRST_RISE_MS;
  private _stalls: number[] = [];
  private _stalling = false;
  private _cushion = 0; // seconds, as it was last asked for
  private _waiting = 0; // looks in a row at which the visitor's sound waited
  private _delayed = 0; // answers in a row that were late

  /** @param loaded bytes in a second that the line has carried with the page, which is more than that by and by */
  constructor(loaded = Infinity) {
    this._hz = loaded < need(16_000) ? rateFor(loaded) : RATES_HZ[0];
  }

  /** Of the character's voice; 0 for a conversation in writing. */
  get hz() {
    return this._hz;
  }

  /** Of the visitor's. */
  get upHz() {
    return Math.min(this._hz, 16_000);
  }

  /** A packet has come; whether another rate has to be asked for. Times are milliseconds that only grow. */
  arrived(now: number) {
    const { gauge } = this;
    const stalling = gauge.lateSecs > Math.max(STALL_SECS, this._cushion); // what was waited for is heard all the same
    if (stalling && !this._stalling) this._stalls = [...this._stalls, now].filter((at) => now - at < STALLS_MS);
    this._stalling = stalling;
    if (gauge.lateSecs > LATE_SECS && this._thin(now)) return this._change(rateFor(gauge.capacity(now)), now);
    if (this._stalls.length >= STALLS && this._hz > 8000) return this._change(this._hz === 24_000 ? 16_000 : 8000, now);
    return false;
  }

  /**
   * A second has gone by; whether another rate has to be asked for.
   * @param waitingSecs of the visitor's sound, which the browser has not sent
   */
  look(waitingSecs: number, now: number) {
    this._waiting = waitingSecs > WAITING_SECS && this._hz ? this._waiting + 1 : 0;
    if (this._waiting >= LOOKS) return this._change(this._hz > 8000 ? 8000 : 0, now);
    return this._rise(now);
  }

  /**
   * A question was answered; whether another rate has to be asked for.
   * @param delaySecs how much longer than usual that took: the question stood behind the visitor's sound
   */
  answered(delaySecs: number, now: number) {
    this._delayed = delaySecs > (this._hz > 8000 ? WAITING_SECS : LONG_SECS) && this._hz ? this._delayed + 1 : 0;
    return this._delayed >= ANSWERS ? this._change(this._hz > 8000 ? 8000 : 0, now) : false;
  }

  private _thin(now: number) {
    return this.gauge.measures(now) >= MEASURES && this.gauge.capacity(now) < need(this._hz);
  }

  private _rise(now: number) {
    const { gauge } = this;
    if (this._hz === RATES_HZ[0] || now - this._changedAt < this._riseMs) return false;
    const higher = RATES_HZ[RATES_HZ.indexOf(this._hz) - 1];
    const measured = gauge.measures(now, this._changedAt) >= RISE_MEASURES && gauge.peakSecs(now) < STALL_SECS;
    return measured && gauge.capacity(now, RISE_SHARE) >= need(higher) * ROOM ? this._change(higher, now) : false;
  }

  private _change(hz: RateHz, now: number) {
    if (hz === this._hz) return false;
    if (hz < this._hz && this._rose) this._riseMs = Math.min(LAST_RISE_MS, 2 * this._riseMs);
    this._rose = hz > this._hz;
    this._hz = hz;
    this._changedAt = now;
    this._stalls = [];
    this._waiting = this._delayed = 0;
    return true;
  }

  /**
   * How much sound is waited for before it is played: as much as the line may be late.
   * @param roundTripSecs for which TCP may stand still, at the beginning or when a packet was lost
   */
  cushionSecs(roundTripSecs: number, now: number) {
    const { gauge } = this;
    const thin = gauge.capacity(now) < need(this._hz);
    const wanted = Math.max(ROUND_TRIPS * roundTripSecs + 0.05, 1.25 * gauge.peakSecs(now) + 0.04, thin ? THIN_CUSHION_SECS : 0);
    return (this._cushion = Math.min(MAX_CUSHION_SECS, Math.max(MIN_CUSHION_SECS, wanted)));
  }
}
