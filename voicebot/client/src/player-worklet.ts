// Plays PCM as it arrives: a cushion against a jittery link, no clicks at its ends, silent at once when told to.

import { Metered } from "./metered-worklet.ts";

const CUSHION_SECS = 0.12; // waited for before the first sample of an utterance, and after running dry
const PATIENCE_SECS = 0.04; // beyond the cushion; then less than that is played, because it is all there is
const FADE_SECS = 0.005;

export type PlayerMessage = { readonly pcm: Int16Array } | { readonly flush: true } | { readonly cushionSecs: number };

class Player extends Metered {
  private queue: Float32Array[] = [];
  private offset = 0; // into the first chunk of the queue
  private buffered = 0; // samples
  private waited = 0; // samples of silence since the last chunk came
  private playing = false;
  private gain = 0;
  private fading = false; // the voice is being cut off
  protected override position = 0; // of all samples that ever came, those that are over
  private gaps = 0; // times the queue ran dry
  private gap = 0; // samples of silence since then
  private lastGap = 0; // the same, when it went on
  private cushion = CUSHION_SECS * sampleRate;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<PlayerMessage>) => this.receive(data);
  }

  receive(message: PlayerMessage) {
    if ("cushionSecs" in message) {
      this.cushion = message.cushionSecs * sampleRate;
      return;
    }
    if ("flush" in message) {
      this.fading = this.playing;
      if (!this.playing) this.drop();
      return;
    }
    if (this.fading) this.position += message.pcm.length; // it was on its way when the visitor began to speak
    if (this.fading || !message.pcm.length) return;
    const samples = new Float32Array(message.pcm.length);
    for (let i = 0; i < samples.length; i++) samples[i] = message.pcm[i] / 0x8000;
    this.queue.push(samples);
    this.buffered += samples.length;
    this.waited = 0;
  }

  drop() {
    this.queue = [];
    this.position += this.buffered;
    this.offset = 0;
    this.buffered = 0;
    this.playing = false;
    this.fading = false;
    this.gain = 0;
    this.gap = 0;
  }

  next() {
    const first = this.queue[0];
    const sample = first[this.offset++];
    this.buffered--;
    this.position++;
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
      const enough = this.buffered >= this.cushion;
      this.playing = enough || this.waited >= this.cushion + PATIENCE_SECS * sampleRate;
      if (this.playing) this.lastGap = this.gap;
    }
    for (let i = 0; i < out.length; i++) {
      if (this.playing && !this.buffered) {
        this.playing = false;
        this.gain = 0;
        this.gap = 0;
        this.gaps++;
      }
      if (!this.playing) {
        this.gap++;
        out[i] = 0;
        continue;
      }
      // Fades in, and out again where the cut comes or the queue is about to run dry.
      const closing = this.fading || this.buffered <= FADE_SECS * sampleRate;
      this.gain = Math.min(1, Math.max(0, this.gain + (closing ? -step : step)));
      const sample = this.next() * this.gain;
      out[i] = sample;
      this.meter(sample);
      if (this.fading && this.gain === 0) this.drop();
    }
    this.played(outputs[0]);
    return true;
  }

  protected get state() {
    return {
      playing: this.playing,
      bufferedSecs: this.buffered / sampleRate,
      gaps: this.gaps,
      gapSecs: this.lastGap / sampleRate,
    };
  }
}

registerProcessor("player", Player);
