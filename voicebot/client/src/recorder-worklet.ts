// Records the microphone as int16 PCM at 16 kHz, in chunks of 512 samples, whatever rate the sound card has.

import { Resampler } from "./resampler.ts";

const CHUNK = 512; // 32 ms, what the voice activity model takes at a time
const BLOCK = 128;

class Recorder extends AudioWorkletProcessor {
  private readonly resampler = new Resampler(sampleRate);
  private readonly chunk = new Int16Array(CHUNK); // a message is a copy of it
  private filled = 0;
  private mono = new Float32Array(BLOCK);

  process(inputs: Float32Array[][]) {
    const channels = inputs[0];
    if (!channels?.length) return true;
    this.resampler.take(channels.length === 1 ? channels[0] : this.mix(channels), this.give);
    return true;
  }

  private mix(channels: Float32Array[]) {
    const { length } = channels[0];
    if (this.mono.length !== length) this.mono = new Float32Array(length);
    for (let i = 0; i < length; i++) {
      let sum = 0;
      for (let channel = 0; channel < channels.length; channel++) sum += channels[channel][i];
      this.mono[i] = sum / channels.length;
    }
    return this.mono;
  }

  /** One function for good: a new one with each block would be the audio thread's to collect. */
  private readonly give = (sample: number) => {
    this.chunk[this.filled++] = Math.max(-1, Math.min(1, sample)) * 0x7fff;
    if (this.filled < CHUNK) return;
    this.port.postMessage(this.chunk.buffer);
    this.filled = 0;
  };
}

registerProcessor("recorder", Recorder);
