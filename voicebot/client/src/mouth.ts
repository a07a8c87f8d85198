// The character's mouth: which shape it has in the sound that is heard now, as the server's `visemes` say.

/** How far a mouth opens and how wide it is, each 0 to 1. */
export interface Shape {
  readonly open: number;
  readonly wide: number;
}

/** The fifteen visemes of Oculus LipSync: see docs/protocol.md. */
export const SHAPES: Readonly<Record<string, Shape>> = {
  sil: { open: 0, wide: 0.3 }, PP: { open: 0, wide: 0.25 }, FF: { open: 0.15, wide: 0.4 },
  TH: { open: 0.25, wide: 0.45 }, DD: { open: 0.3, wide: 0.5 }, kk: { open: 0.35, wide: 0.5 },
  CH: { open: 0.3, wide: 0.25 }, SS: { open: 0.2, wide: 0.6 }, nn: { open: 0.25, wide: 0.5 },
  RR: { open: 0.35, wide: 0.35 }, aa: { open: 1, wide: 0.75 }, E: { open: 0.6, wide: 0.8 },
  I: { open: 0.4, wide: 1 }, O: { open: 0.75, wide: 0.35 }, U: { open: 0.35, wide: 0.1 },
};

/** A viseme, and the second of all sound so far at which it begins. */
type Timed = readonly [viseme: string, beginSecs: number];

export class Mouth {
  private _coming: Timed[] = [];
  private _now = "";

  /**
   * @param visemes with the milliseconds at which each begins
   * @param fromSecs where in all sound so far that comes next
   */
  note(visemes: readonly (readonly [string, number])[], fromSecs: number) {
    this._coming.push(...visemes.map(([viseme, ms]): Timed => [viseme, fromSecs + ms / 1000]));
  }

  /** What it was to say is not heard any more. */
  close() {
    this._coming = [];
    this._now = "";
  }

  /** The viseme at a second of all sound so far, empty where nothing is known of it. */
  at(secs: number) {
    while (this._coming.length && this._coming[0][1] <= secs) this._now = this._coming.shift()![0];
    if (!this._coming.length && this._now === "sil") this._now = ""; // a voice that tells none may be next
    return this._now;
  }
}
