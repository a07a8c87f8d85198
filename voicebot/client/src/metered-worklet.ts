// What both players tell the page of the sound that they play: how loud it is, and where they are.

const REPORT_SECS = 0.05;
const AUDIBLE = 0.015; // amplitude

export abstract class Metered extends AudioWorkletProcessor {
  protected position = 0; // samples
  private energy = 0;
  private counted = 0;
  private heard = 0; // audible samples so far

  protected abstract get state(): { playing: boolean; bufferedSecs: number; gaps: number; gapSecs: number };

  /** Takes a sample that is played. */
  protected meter(sample: number) {
    this.energy += sample * sample;
    if (Math.abs(sample) > AUDIBLE) this.heard++;
  }

  /** All of a block is in the first channel: the others get it too, and the page hears of it now and then. */
  protected played(output: Float32Array[]) {
    const out = output[0];
    for (let channel = 1; channel < output.length; channel++) output[channel].set(out);
    this.counted += out.length;
    if (this.counted >= REPORT_SECS * sampleRate) this.report();
  }

  private report() {
    this.port.postMessage({
      level: Math.sqrt(this.energy / this.counted),
      positionSecs: this.position / sampleRate,
      heard: this.heard,
      ...this.state,
    });
    this.energy = 0;
    this.counted = 0;
  }
}
