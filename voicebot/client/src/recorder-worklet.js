// Records the microphone as int16 PCM at 16 kHz, in chunks of 512 samples, whatever rate the sound card has.

const RATE_HZ = 16_000;
const CHUNK = 512; // 32 ms, what the voice activity model takes at a time
const TAPS = 24; // of the low-pass filter, on each side

/** A Hann-windowed sinc, the low-pass of every resampler. */
function kernel(/** @type {number} */ at, /** @type {number} */ cutoff) {
  const x = Math.PI * at * cutoff;
  const window = 0.5 + 0.5 * Math.cos((Math.PI * at) / TAPS);
  return (x === 0 ? 1 : Math.sin(x) / x) * window * cutoff;
}

export class Resampler {
  /** @param {number} fromHz */
  constructor(fromHz) {
    this.step = fromHz / RATE_HZ;
    this.cutoff = Math.min(1, 0.92 / this.step);
    /** @type {number[]} */
    this.past = new Array(2 * TAPS).fill(0);
    this.at = 0; // where in the input the next output lies, after the first TAPS samples of `past`
  }

  /**
   * @param {Float32Array} input
   * @returns {number[]} what can be told of the output so far
   */
  take(input) {
    if (this.step === 1) return Array.from(input);
    const known = this.past;
    for (const sample of input) known.push(sample);
    const out = [];
    while (this.at + 2 * TAPS < known.length) {
      const middle = Math.floor(this.at) + TAPS;
      const rest = this.at - Math.floor(this.at);
      let sum = 0;
      for (let tap = 1 - TAPS; tap <= TAPS; tap++) sum += known[middle + tap] * kernel(tap - rest, this.cutoff);
      out.push(sum);
      this.at += this.step;
    }
    const done = Math.floor(this.at);
    this.past = known.slice(done);
    this.at -= done;
    return out;
  }
}

class Recorder extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate);
    this.chunk = new Int16Array(CHUNK);
    this.filled = 0;
  }

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    const channels = inputs[0];
    if (!channels?.length) return true;
    const mono = new Float32Array(channels[0].length);
    for (const channel of channels) for (let i = 0; i < mono.length; i++) mono[i] += channel[i] / channels.length;
    for (const sample of this.resampler.take(mono)) {
      this.chunk[this.filled++] = Math.max(-1, Math.min(1, sample)) * 0x7fff;
      if (this.filled === CHUNK) {
        this.port.postMessage(this.chunk.buffer, [this.chunk.buffer]);
        this.chunk = new Int16Array(CHUNK);
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("recorder", Recorder);
