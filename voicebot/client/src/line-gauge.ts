// How the line to this page does: how late the character's sound comes, and how much the line carries.

const WINDOW_MS = 20_000; // in which the quickest packet tells what the way takes at least
const PAIRS_MS = 60_000; // for which a measure of what the line carries holds
const TOGETHER_MS = 1;
const MOST_PAIRS = 6;
const MOST_SECS = 1; // of being late that are remembered: what takes longer is a stall
const HALVED_MS = 15_000; // in which the memory of a late packet halves
const QUICKEST_MS = 0.1; // of a browser's clock

/** One packet of sound. Times are in milliseconds; the server's clock and the page's need not agree. */
export interface Arrival {
  readonly sentAt: number;
  readonly at: number;
  readonly bytes: number;
}

interface Pair {
  readonly bytes: number;
  readonly ms: number;
  readonly at: number;
}

/** One-way delay variation and capacity of the line, from when packets were sent and when they came. */
export class LineGauge {
  lateSecs = 0; // of the newest packet, against the quickest of the last seconds
  private _peakSecs = 0;
  private _peakAt = 0;
  private _quickest = { now: Infinity, before: Infinity, since: -Infinity };
  private _last: Arrival | null = null;
  private _pairs: Pair[] = [];

  take(arrival: Arrival) {
    const { at, sentAt, bytes } = arrival;
    const way = this._way(at, at - sentAt);
    this.lateSecs = (at - sentAt - way) / 1000;
    if (this.lateSecs >= this.peakSecs(at)) {
      this._peakSecs = Math.min(MOST_SECS, this.lateSecs);
      this._peakAt = at;
    }
    const last = this._last;
    this._last = arrival;
    // It was on its way when the one before it came: the line had nothing else to do meanwhile.
    if (last && sentAt + way <= last.at) this.carried(bytes, at - last.at, at);
  }

  /** The quickest way of the last seconds. */
  private _way(at: number, ms: number) {
    const quickest = this._quickest;
    if (at - quickest.since > WINDOW_MS) {
      this._quickest = { now: ms, before: quickest.now, since: at };
    } else {
      quickest.now = Math.min(quickest.now, ms);
    }
    return Math.min(this._quickest.now, this._quickest.before);
  }

  /** So many bytes took so long, with nothing to wait for but the line. */
  carried(bytes: number, ms: number, at: number) {
    if (at - (this._pairs.at(-1)?.at ?? -Infinity) < TOGETHER_MS) return; // read together: that is one measure, not many
    this._pairs = [...this._pairs, { bytes, ms: Math.max(QUICKEST_MS, ms), at }].slice(-MOST_PAIRS);
  }

  /** How late packets may come: the latest, forgotten by and by. */
  peakSecs(now: number) {
    return this._peakSecs * 0.5 ** (Math.max(0, now - this._peakAt) / HALVED_MS);
  }

  /** How often capacity was measured lately, since `since`. */
  measures(now: number, since = -Infinity) {
    return this._pairs.filter(({ at }) => at > since && now - at < PAIRS_MS).length;
  }

  /**
   * Bytes that the line carries in a second, as far as that shows; Infinity where it does not.
   * @param share of the measures that may be lower. A thin line takes its time for every packet, TCP that waits for an
   * acknowledgement for one now and then; a page that is busy reads some together, and takes none for them.
   */
  capacity(now: number, share = 0.5) {
    const rates = this._pairs.filter(({ at }) => now - at < PAIRS_MS).map(({ bytes, ms }) => (1000 * bytes) / ms);
    return rates.sort((a, b) => a - b).at(Math.floor(rates.length * share)) ?? Infinity;
  }

  /** Another socket: what is on its way there has nothing to do with what came here. */
  restart() {
    this._last = null;
    this._quickest = { now: Infinity, before: Infinity, since: -Infinity };
  }
}

type Loaded = Pick<
  PerformanceResourceTiming,
  "transferSize" | "encodedBodySize" | "responseStart" | "responseEnd" | "connectStart" | "connectEnd" | "secureConnectionStart"
>;

const LARGE_BYTES = 15_000; // of a file whose loading tells something of the line
const FIRST_FLIGHT_BYTES = 14_600; // ten segments, which TCP sends before it hears anything; then twice as many each time

/** How long a connection took to open by TCP alone; Infinity where none was opened. */
function roundTripMs(entries: readonly Loaded[]) {
  const trips = entries.map(({ connectStart, connectEnd, secureConnectionStart }) => (secureConnectionStart || connectEnd) - connectStart);
  return Math.min(...trips.filter((ms) => ms > 0));
}

/**
 * Bytes in a second that the line has carried while the page was loaded, without the round trips that TCP waits for at
 * first; Infinity where all of it was there already.
 */
export function pageCapacity(entries: readonly Loaded[]) {
  const trip = roundTripMs(entries);
  const rates = entries
    .filter(({ transferSize, encodedBodySize }) => transferSize > LARGE_BYTES && encodedBodySize > LARGE_BYTES)
    .map(({ encodedBodySize, responseStart, responseEnd }) => {
      const trips = Number.isFinite(trip) ? trip * Math.floor(Math.log2(encodedBodySize / FIRST_FLIGHT_BYTES + 1)) : 0;
      return (1000 * encodedBodySize) / Math.max(1, responseEnd - responseStart - trips);
    });
  return rates.length ? Math.max(...rates) : Infinity;
}
