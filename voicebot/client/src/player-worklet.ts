// Plays PCM as it arrives: a small cushion against a jittery link, no clicks at its ends, silent at once
// when told to.

const CUSHION_SECS = 0.08; // waited for before the first sample of an utterance, and after running dry
const PATIENCE_SECS = 0.12; // after which less than that is played, because it is all there is
const FADE_SECS = 0.005;
const REPORT_SECS = 0.05;

export type PlayerMessage = { readonly pcm: Int16Array } | { readonly flush: true };

class Player extends AudioWorkletProcessor {
  private queue: Float32Array[] = [];
  private offset = 0; // into the first chunk of the queue
  private buffered = 0; // samples
  private waited = 0; // samples of silence since the last chunk came
  private playing = false;
  private gain = 0;
  private fading = false; // the voice is being cut off
  private energy = 0;
  private counted = 0;
  private heard = 0; // audible samples so far
  private gaps = 0; // times the queue ran dry within an utterance

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<PlayerMessage>) => this.receive(data);
  }

  receive(message: PlayerMessage) {
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

  process(_inputs: Float32Array[][], outputs: Float32Array[][]) {
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
