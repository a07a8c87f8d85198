// From one rate to another, such as a sound card's to the recorder's: a low-pass and the samples in between, from a table.

export const RATE_HZ = 16_000;
const TAPS = 24; // of the low-pass filter, on each side of a sample
const MOST_PHASES = 512; // of odd rates; then the nearest phase is taken, 70 dB below the sound
const BLOCK = 128; // samples at a time, as the Web Audio API has it

/** A Hann-windowed sinc, the low-pass of every resampler. */
function kernel(at: number, cutoff: number) {
  const x = Math.PI * at * cutoff;
  const window = 0.5 + 0.5 * Math.cos((Math.PI * at) / TAPS);
  return (x === 0 ? 1 : Math.sin(x) / x) * window * cutoff;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b ? greatestCommonDivisor(b, a % b) : a;
}

/**
 * A polyphase resampler. Two whole rates meet again after a few samples, so there are only so many places between two
 * samples of the input at which an output may lie: the filter for each of them is computed once. It allocates nothing
 * while it runs, as the audio thread wants it.
 */
export class Resampler {
  private readonly _phases: number; // to one sample of the input
  private readonly _step: number; // of the output, in phases
  private readonly _filters: Float32Array; // 2 * TAPS to a phase
  private _past: Float32Array; // of the input: what is still needed, then what is new
  private _filled = 2 * TAPS;
  private _at = 0; // where the next output lies, in phases after the first TAPS samples of `_past`

  constructor(fromHz: number, toHz = RATE_HZ) {
    this._phases = Math.min(MOST_PHASES, toHz / greatestCommonDivisor(fromHz, toHz));
    this._step = (fromHz / toHz) * this._phases;
    const cutoff = fromHz === toHz ? 1 : Math.min(1, (0.92 * toHz) / fromHz);
    this._filters = new Float32Array(this._phases * 2 * TAPS);
    for (let phase = 0; phase < this._phases; phase++) {
      for (let tap = 0; tap < 2 * TAPS; tap++) {
        this._filters[phase * 2 * TAPS + tap] = kernel(tap + 1 - TAPS - phase / this._phases, cutoff);
      }
    }
    this._past = new Float32Array(2 * TAPS + 4 * BLOCK);
  }

  /**
   * Takes some of the input; gives each sample of the output that can be told by now to `give`.
   */
  take(input: Float32Array, give: (sample: number) => void) {
    this._keep(input);
    for (;;) {
      const before = Math.floor(this._at / this._phases);
      if (before + 2 * TAPS >= this._filled) break;
      const phase = Math.floor(this._at - before * this._phases) * 2 * TAPS;
      let sum = 0;
      for (let tap = 0; tap < 2 * TAPS; tap++) sum += this._past[before + 1 + tap] * this._filters[phase + tap];
      give(sum);
      this._at += this._step;
    }
    const done = Math.floor(this._at / this._phases);
    this._past.copyWithin(0, done, this._filled);
    this._filled -= done;
    this._at -= done * this._phases;
  }

  /** The same for int16, as it travels. */
  takePcm(pcm: Int16Array) {
    const out: number[] = [];
    this.take(Float32Array.from(pcm), (sample) => out.push(Math.max(-0x8000, Math.min(0x7fff, Math.round(sample)))));
    return Int16Array.from(out);
  }

  private _keep(input: Float32Array) {
    if (this._filled + input.length > this._past.length) {
      const larger = new Float32Array(this._filled + 2 * input.length); // once, where a block is larger than usual
      larger.set(this._past);
      this._past = larger;
    }
    this._past.set(input, this._filled);
    this._filled += input.length;
  }
}
