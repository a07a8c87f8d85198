// By what line this browser has talked to this site lately, for each kind of network that it can tell apart.

export type LineKind = "webrtc" | "websocket";

const KEY = "greenroom.lines"; // of this origin, as all of localStorage is
const HOLDS_MS = 24 * 3600 * 1000; // networks change, and firewalls are opened
const MOST = 8;

interface Remembered {
  readonly line: LineKind;
  readonly at: number;
}

type Place = Pick<Storage, "getItem" | "setItem">;
type Networks = { connection?: { type?: string; effectiveType?: string } };

/** As much of the network as a browser tells: whether it is a mobile one, '' where it does not. */
export function networkType(browser: unknown = globalThis.navigator) {
  return (browser as Networks)?.connection?.type ?? "";
}

/** What worked here; nothing where that is not known, or too long ago. */
export class LineMemory {
  private readonly _place: () => Place;
  private readonly _now: () => number;

  /** @param now milliseconds since 1970 */
  constructor(place: () => Place = () => localStorage, now = () => Date.now()) {
    this._place = place;
    this._now = now;
  }

  recall(network = networkType()): LineKind | null {
    const known = this._read()[network];
    return known && this._now() - known.at < HOLDS_MS && this._now() >= known.at ? known.line : null;
  }

  keep(line: LineKind, network = networkType()) {
    const newest = Object.entries({ ...this._read(), [network]: { line, at: this._now() } });
    newest.sort(([, one], [, other]) => other.at - one.at);
    try {
      this._place().setItem(KEY, JSON.stringify(Object.fromEntries(newest.slice(0, MOST))));
    } catch {
      // A browser that keeps nothing: it is found out anew each time.
    }
  }

  private _read(): Record<string, Remembered> {
    try {
      const found = JSON.parse(this._place().getItem(KEY) ?? "{}");
      const valid = Object.entries(found as Record<string, Remembered>).filter(
        ([, one]) => (one?.line === "webrtc" || one?.line === "websocket") && typeof one.at === "number",
      );
      return Object.fromEntries(valid);
    } catch {
      return {};
    }
  }
}
