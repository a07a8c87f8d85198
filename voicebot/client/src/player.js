// The character's voice in the page: an audio context with the player worklet in it.

export const PLAYER_RATE_HZ = 24_000;

/**
 * @typedef {object} PlayerReport
 * @property {number} level root mean square of the last 50 ms, 0 to 1
 * @property {boolean} playing
 * @property {number} bufferedSecs
 * @property {number} heard audible samples so far
 * @property {number} gaps times the voice ran dry
 */

export class Player {
  /**
   * @param {string} workletUrl
   * @param {(report: PlayerReport) => void} onReport called every 50 ms
   */
  constructor(workletUrl, onReport) {
    this._workletUrl = workletUrl;
    this._onReport = onReport;
    /** @type {AudioContext | null} */
    this._context = null;
    /** @type {AudioWorkletNode | null} */
    this._node = null;
    /** @type {GainNode | null} */
    this._gain = null;
    this._volume = 1;
    this._device = "";
  }

  /** Opens the sound; needs a click before it, as browsers want. Does nothing if it is open. */
  async open() {
    if (this._context) {
      await this._context.resume();
      return;
    }
    this._context = new AudioContext({ sampleRate: PLAYER_RATE_HZ, latencyHint: "interactive" });
    await this._context.audioWorklet.addModule(this._workletUrl);
    this._node = new AudioWorkletNode(this._context, "player", { numberOfInputs: 0, outputChannelCount: [2] });
    this._node.port.onmessage = ({ data }) => this._onReport(data);
    this._gain = this._context.createGain();
    this._gain.gain.value = this._volume;
    this._node.connect(this._gain).connect(this._context.destination);
    if (this._device) await this.to(this._device);
    await this._context.resume();
  }

  /** @param {number} volume 0 to 1 */
  set volume(volume) {
    this._volume = volume;
    if (this._gain) this._gain.gain.value = volume;
  }

  /**
   * Plays through another loudspeaker, where the browser can.
   * @param {string} device its id, '' for the usual one
   */
  async to(device) {
    this._device = device;
    const context = /** @type {any} */ (this._context);
    if (context?.setSinkId) await context.setSinkId(device).catch(() => undefined);
  }

  /** @param {Int16Array} pcm mono, 24 kHz */
  play(pcm) {
    this._node?.port.postMessage({ pcm });
  }

  /** Drops everything that is not yet heard. */
  flush() {
    this._node?.port.postMessage({ flush: true });
  }

  async close() {
    await this._context?.close();
    this._context = null;
    this._node = null;
  }
}
