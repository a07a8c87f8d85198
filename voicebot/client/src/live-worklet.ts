// Plays a call's sound as it comes, and reports of it as the player does: the browser's own buffer has made it even.

import { Metered } from "./metered-worklet.ts";

const FADE_SECS = 0.005;
const SOUND = 0.004; // amplitude above which there is some
const PAUSE_SECS = 0.3; // within speech
const GONE_SECS = 0.06; // of silence: what was cut off has gone by
const DEAF_SECS = 1; // at most: the server has heard of it by then

class Live extends Metered {
  private quiet = Infinity; // samples since there was sound
  private deaf = 0; // samples for which nothing is played yet
  private gain = 1;

  constructor() {
    super();
    this.port.onmessage = () => this.flush();
  }

  flush() {
    if (this.quiet < PAUSE_SECS * sampleRate) this.deaf = DEAF_SECS * sampleRate;
  }

  process(inputs: Float32Array[][], outputs: Float32Array[][]) {
    const out = outputs[0][0];
    const sound = inputs[0]?.[0];
    const step = 1 / (FADE_SECS * sampleRate);
    for (let i = 0; i < out.length; i++) {
      const sample = sound ? sound[i] : 0;
      this.quiet = Math.abs(sample) > SOUND ? 0 : this.quiet + 1;
      this.deaf = this.quiet > GONE_SECS * sampleRate ? 0 : Math.max(0, this.deaf - 1);
      this.gain = Math.min(1, Math.max(0, this.gain + (this.deaf ? -step : step)));
      const played = sample * this.gain;
      out[i] = played;
      this.meter(played);
    }
    this.position += out.length;
    this.played(outputs[0]);
    return true;
  }

  protected get state() {
    return { playing: !this.deaf && this.quiet < PAUSE_SECS * sampleRate, bufferedSecs: 0, gaps: 0, gapSecs: 0 };
  }
}

registerProcessor("live", Live);
