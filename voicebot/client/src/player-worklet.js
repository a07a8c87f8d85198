// Plays PCM as it arrives: a small cushion against a jittery link, no clicks at its ends, silent at once
// when told to.

const CUSHION_SECS = 0.08; // waited for before the first sample of an utterance, and after running dry
const PATIENCE_SECS = 0.12; // after which less than that is played, because it is all there is
const FADE_SECS = 0.005;
const REPORT_SECS = 0.05;

/** @typedef {{pcm: Int16Array} | {flush: true}} PlayerMessage */

class Player extends AudioWorkletProcessor {
  constructor() {
    super();
    /** @type {Float32Array[]} */
    this.queue = [];
    this.offset = 0; // into the first chunk of the queue
    this.buffered = 0; // samples
    this.waited = 0; // samples of silence since the last chunk came
    this.playing = false;
    this.gain = 0;
    this.fading = false; // the voice is being cut off
    this.energy = 0;
    this.counted = 0;
    this.heard = 0; // audible samples so far
    this.gaps = 0; // times the queue ran dry within an utterance
    this.ended = false;
    this.port.onmessage = (/** @type {MessageEvent<PlayerMessage>} */ { data }) => this.receive(data);
  }

  /** @param {PlayerMessage} message */
  receive(message) {
    if ("flush" in message) {
      this.fading = this.playing;
      if (!this.playing) this.drop();
      return;
    }
    if (this.fading) return; // what was on its way when the visitor began to speak
    const samples = new Float32Array(message.pcm.length);
    for (let i = 0; i < samples.length; i++) samples[i] = message.pcm[i] / 0x8000;
    this.queue.push(samples);
    this.buffered += samples.length;
    this.waited = 0;
  }

  drop() {
    this.queue = [];
    this.offset = 0;
    this.buffered = 0;
    this.playing = false;
    this.fading = false;
    this.gain = 0;
  }

  next() {
    const first = this.queue[0];
    const sample = first[this.offset++];
    this.buffered--;
    if (this.offset === first.length) {
      this.queue.shift();
      this.offset = 0;
    }
    return sample;
  }

  /**
   * @param {Float32Array[][]} _inputs
   * @param {Float32Array[][]} outputs
   */
  process(_inputs, outputs) {
    const out = outputs[0][0];
    const step = 1 / (FADE_SECS * sampleRate);
    if (!this.playing && this.buffered) {
      this.waited += out.length;
      const enough = this.buffered >= CUSHION_SECS * sampleRate;
      this.playing = enough || this.waited >= PATIENCE_SECS * sampleRate;
    }
    for (let i = 0; i < out.length; i++) {
      if (this.playing && !this.buffered) {
        this.playing = false;
        this.gain = 0;
        this.gaps++;
      }
      if (!this.playing) {
        out[i] = 0;
        continue;
      }
      // Fades in, and out again where the cut comes or the queue is about to run dry.
      const closing = this.fading || this.buffered <= FADE_SECS * sampleRate;
      this.gain = Math.min(1, Math.max(0, this.gain + (closing ? -step : step)));
      const sample = this.next() * this.gain;
      out[i] = sample;
      this.energy += sample * sample;
      if (Math.abs(sample) > 0.015) this.heard++;
      if (this.fading && this.gain === 0) this.drop();
    }
    for (let channel = 1; channel < outputs[0].length; channel++) outputs[0][channel].set(out);
    this.counted += out.length;
    if (this.counted >= REPORT_SECS * sampleRate) this.report();
    return true;
  }

  report() {
    this.port.postMessage({
      level: Math.sqrt(this.energy / this.counted),
      playing: this.playing,
      bufferedSecs: this.buffered / sampleRate,
      heard: this.heard,
      gaps: this.gaps,
    });
    this.energy = 0;
    this.counted = 0;
  }
}

registerProcessor("player", Player);
