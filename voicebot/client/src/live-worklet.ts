// Plays a call's sound as it comes, and reports of it as the player does: the browser's own buffer has made it even.

const FADE_SECS = 0.005;
const REPORT_SECS = 0.05;
const SOUND = 0.004; // amplitude above which there is some
const PAUSE_SECS = 0.3; // within speech
const GONE_SECS = 0.06; // of silence: what was cut off has gone by
const DEAF_SECS = 1; // at most: the server has heard of it by then

class Live extends AudioWorkletProcessor {
  private quiet = Infinity; // samples since there was sound
  private deaf = 0; // samples for which nothing is played yet
  private gain = 1;
  private energy = 0;
  private counted = 0;
  private heard = 0;
  private position = 0;

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
      this.energy += played * played;
      if (Math.abs(played) > 0.015) this.heard++;
    }
    for (let channel = 1; channel < outputs[0].length; channel++) outputs[0][channel].set(out);
    this.position += out.length;
    this.counted += out.length;
    if (this.counted >= REPORT_SECS * sampleRate) this.report();
    return true;
  }

  report() {
    this.port.postMessage({
      level: Math.sqrt(this.energy / this.counted),
      playing: !this.deaf && this.quiet < PAUSE_SECS * sampleRate,
      bufferedSecs: 0,
      positionSecs: this.position / sampleRate,
      heard: this.heard,
      gaps: 0,
      gapSecs: 0,
    });
    this.energy = 0;
    this.counted = 0;
  }
}

registerProcessor("live", Live);
