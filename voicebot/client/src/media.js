// The official WavMediaManager records; its player, which loses the sound after one interruption and
// stops at every gap, is replaced by ours.

import { WavMediaManager } from "@pipecat-ai/websocket-transport";

export const RECORDER_RATE_HZ = 16_000;
const CHUNK_BYTES = 1024; // 32 ms of int16, what the voice activity model takes at a time

export class StageMedia extends WavMediaManager {
  /**
   * @param {import("./player.js").Player} player
   * @param {(level: number) => void} onMicrophone called with the level of each chunk, 0 to 1
   */
  constructor(player, onMicrophone) {
    super(CHUNK_BYTES, RECORDER_RATE_HZ);
    this._player = player;
    this._onMicrophone = onMicrophone;
  }

  /** @param {(data: ArrayBuffer) => void} callback */
  setUserAudioCallback(callback) {
    super.setUserAudioCallback((data) => {
      this._onMicrophone(level(new Int16Array(data)));
      callback(data);
    });
  }

  async initialize() {
    await super.initialize();
    await this._player.open();
  }

  /** @param {ArrayBuffer | Int16Array} data */
  bufferBotAudio(data) {
    const pcm = data instanceof Int16Array ? data : new Int16Array(data);
    this._player.play(pcm);
    return pcm;
  }

  async userStartedSpeaking() {
    this._player.flush();
  }

  async disconnect() {
    this._player.flush();
    await super.disconnect();
  }
}

/**
 * Root mean square of int16 samples, 0 to 1.
 * @param {Int16Array} samples
 */
export function level(samples) {
  let energy = 0;
  for (const sample of samples) energy += sample * sample;
  return samples.length ? Math.sqrt(energy / samples.length) / 0x8000 : 0;
}
