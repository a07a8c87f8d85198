// A character that hears itself through loudspeakers must not answer itself.
//
// Browsers cancel echo, some devices do not. What comes back of the character's own voice rises and falls with it,
// a moment later and at a steady ratio. Where the microphone follows the voice like that, the ratio is learnt, and
// what is not clearly louder than the voice could be is held back. Whoever speaks over it follows no voice.

const WINDOW_SECS = 0.45; // how much later the voice may come back: the sound card, the room and the way here
const COMPARED_SECS = 1.3; // of both, to tell whether one follows the other
const LAG_SECS = 0.03;
const FEWEST = 12; // chunks to compare; until then, in a call's first words, what is loud is held back
const FOLLOWS = 0.75; // correlation from which on the microphone follows the voice
const KEPT = 90; // ratios, about three seconds
const ABOVE = 2; // times the echo: 6 dB
const QUIET = 0.004; // root mean square below which the voice is no sound
const NOISE = 0.01; // and the microphone nothing to speak of

interface Moment {
  readonly at: number;
  readonly level: number;
}

/** Pearson's correlation of two series of the same length; of two that do not change, 1. */
function correlation(a: number[], b: number[]) {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  let both = 0;
  let va = 0;
  let vb = 0;
  for (let i = 0; i < a.length; i++) {
    both += (a[i] - ma) * (b[i] - mb);
    va += (a[i] - ma) ** 2;
    vb += (b[i] - mb) ** 2;
  }
  const flat = (v: number, m: number) => v / a.length < (0.1 * m) ** 2;
  if (flat(va, ma) && flat(vb, mb)) return 1;
  return va && vb ? both / Math.sqrt(va * vb) : 0;
}

export class EchoGuard {
  private readonly _voice: Moment[] = []; // of the character, the newest last
  private _heard: Moment[] = []; // of the microphone, while the character speaks
  private readonly _ratios: number[] = [];
  private _wasAbove = false;

  /**
   * The character's voice, as it leaves for the loudspeaker.
   * @param level root mean square, 0 to 1
   * @param at seconds
   */
  played(level: number, at: number) {
    this._voice.push({ at, level });
    while (this._voice[0].at < at - COMPARED_SECS - WINDOW_SECS) this._voice.shift();
  }

  /** How loud the character comes back, as a share of how loud it was played; 0 while nothing is known. */
  get coupling() {
    const sorted = [...this._ratios].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length * 0.85)] ?? 0;
  }

  /**
   * Whether a chunk of the microphone is the visitor's, or the room's.
   * @param level root mean square, 0 to 1
   * @param at seconds
   */
  lets(level: number, at: number) {
    const lately = this._voice.filter((moment) => moment.at >= at - WINDOW_SECS);
    const loudest = Math.max(0, ...lately.map((moment) => moment.level));
    if (loudest < QUIET) {
      this._heard = [];
      return true;
    }
    this._heard.push({ at, level });
    while (this._heard[0].at < at - COMPARED_SECS) this._heard.shift();
    if (level < NOISE) {
      this._learn(level / loudest);
      return true;
    }
    const above = level > ABOVE * this.coupling * loudest;
    if (above && this._heard.length >= FEWEST && this._follows()) this._learn(level / loudest);
    else if (above && this._heard.length >= FEWEST) return this._twice(true);
    return this._twice(false);
  }

  /** Twice in a row: what is played is told a moment late, and a syllable of it may begin in between. */
  private _twice(above: boolean) {
    const lets = above && this._wasAbove;
    this._wasAbove = above;
    return lets;
  }

  private _learn(ratio: number) {
    this._ratios.push(ratio);
    if (this._ratios.length > KEPT) this._ratios.shift();
  }

  private _voiceAt(at: number) {
    for (let i = this._voice.length - 1; i >= 0; i--) if (this._voice[i].at <= at) return this._voice[i].level;
    return null;
  }

  /** Whether the microphone has risen and fallen with the voice, at whatever delay. */
  private _follows() {
    for (let lag = 0; lag <= WINDOW_SECS; lag += LAG_SECS) {
      const [heard, voice] = [[] as number[], [] as number[]];
      for (const { at, level } of this._heard) {
        const then = this._voiceAt(at - lag);
        if (then === null) continue;
        heard.push(level);
        voice.push(then);
      }
      if (heard.length >= FEWEST && correlation(heard, voice) > FOLLOWS) return true;
    }
    return false;
  }
}
