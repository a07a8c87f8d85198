// The page's microphone and loudspeaker, as Pipecat's transport wants them.
//
// The official WavMediaManager takes any microphone as it comes, loads its recorder from a blob: address, which
// a strict Content-Security-Policy refuses, loses the sound after one interruption and stops at every gap.

import { EchoGuard } from "./echo.js";

export const RECORDER_RATE_HZ = 16_000;
const NOBODY = { id: "local", name: "", local: true };

/**
 * @typedef {object} Hearing how a visitor wants to be heard
 * @property {string} microphone a device's id, '' for the usual one
 * @property {boolean} noise whether the browser takes noise away
 * @property {boolean} echo whether the browser, and the guard here, take the character's own voice away
 */

/**
 * The microphone, with the visitor's wishes.
 * @param {Hearing} wish
 */
export function openMicrophone({ microphone, noise, echo }) {
  return navigator.mediaDevices.getUserMedia({
    audio: {
      ...(microphone && { deviceId: { exact: microphone } }),
      noiseSuppression: noise,
      echoCancellation: echo,
      autoGainControl: true,
      channelCount: 1,
    },
  });
}

/** A microphone and the worklet that records it. */
export class Microphone {
  /**
   * @param {string} workletUrl
   * @param {(pcm: ArrayBuffer) => void} onChunk mono int16 at 16 kHz, 32 ms at a time
   */
  constructor(workletUrl, onChunk) {
    this._workletUrl = workletUrl;
    this._onChunk = onChunk;
    /** @type {MediaStream | null} */
    this.stream = null;
    /** @type {AudioContext | null} */
    this._context = null;
  }

  /**
   * Throws what getUserMedia throws.
   * @param {Hearing} wish
   */
  async open(wish) {
    await this.close();
    this.stream = await openMicrophone(wish);
    // Firefox joins a microphone only to a context of its own rate: the worklet resamples.
    this._context = new AudioContext({ latencyHint: "interactive" });
    await this._context.audioWorklet.addModule(this._workletUrl);
    const node = new AudioWorkletNode(this._context, "recorder", { numberOfOutputs: 0 });
    node.port.onmessage = ({ data }) => this._onChunk(data);
    this._context.createMediaStreamSource(this.stream).connect(node);
    await this._context.resume();
  }

  get track() {
    return this.stream?.getAudioTracks()[0];
  }

  async close() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    await this._context?.close().catch(() => undefined);
    this._context = null;
  }
}

/** A media manager of Pipecat's WebSocketTransport. */
export class StageMedia {
  /**
   * @param {import("./player.js").Player} player
   * @param {string} recorderUrl
   * @param {() => Hearing} wishes read whenever the microphone is opened
   * @param {(level: number) => void} onMicrophone called with the level of each chunk, 0 to 1
   */
  constructor(player, recorderUrl, wishes, onMicrophone) {
    this._player = player;
    this._wishes = wishes;
    this._onMicrophone = onMicrophone;
    this.guard = new EchoGuard();
    this._enabled = true;
    this.deaf = false; // to the character's voice, from an interruption until the server knows of it
    /** @type {any} */
    this._callbacks = {};
    /** @type {(data: ArrayBuffer) => void} */
    this._hears = () => undefined;
    this._microphone = new Microphone(recorderUrl, (pcm) => this._take(pcm));
  }

  /** @param {ArrayBuffer} pcm */
  _take(pcm) {
    if (!this._enabled) return;
    const loud = level(new Int16Array(pcm));
    this._onMicrophone(loud);
    const own = this._wishes().echo && !this.guard.lets(loud, performance.now() / 1000);
    this._hears(own ? new ArrayBuffer(pcm.byteLength) : pcm);
  }

  // --- what the transport calls ---

  /** @param {(data: ArrayBuffer) => void} callback */
  setUserAudioCallback(callback) {
    this._hears = callback;
  }

  /** @param {any} options */
  setClientOptions(options) {
    this._callbacks = options.callbacks ?? {};
    this._enabled = options.enableMic ?? true;
  }

  async initialize() {
    await this._player.open();
  }

  async connect() {
    if (this._enabled && !this._microphone.stream) await this._open();
  }

  async disconnect() {
    this._player.flush();
    await this._microphone.close();
  }

  async _open() {
    try {
      await this._microphone.open(this._wishes());
    } catch {
      return; // refused or gone: the page says so, and the visitor may type
    }
    if (this._microphone.track) this._callbacks.onTrackStarted?.(this._microphone.track, NOBODY);
  }

  /** @param {boolean} enable */
  async enableMic(enable) {
    this._enabled = enable;
    const track = this._microphone.track;
    if (track) track.enabled = enable;
    else if (enable) await this._open();
  }

  /** Opens the microphone anew, for other wishes. */
  async reopen() {
    if (this._enabled && this._microphone.stream) await this._open();
  }

  async userStartedSpeaking() {
    this._player.flush();
  }

  /** @param {ArrayBuffer | Int16Array} data */
  bufferBotAudio(data) {
    const pcm = data instanceof Int16Array ? data : new Int16Array(data);
    if (!this.deaf) this._player.play(pcm);
    return pcm;
  }

  /** @param {MediaDeviceKind} kind */
  async _devices(kind) {
    return (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === kind);
  }

  getAllMics() {
    return this._devices("audioinput");
  }

  getAllSpeakers() {
    return this._devices("audiooutput");
  }

  async getAllCams() {
    return [];
  }

  updateMic() {
    void this.reopen();
  }

  /** @param {string} id */
  updateSpeaker(id) {
    void this._player.to(id);
  }

  updateCam() {}
  enableCam() {}
  enableScreenShare() {}

  tracks() {
    const track = this._microphone.track;
    return { local: track ? { audio: track } : {} };
  }

  get selectedMic() {
    return {};
  }

  get selectedCam() {
    return {};
  }

  get selectedSpeaker() {
    return {};
  }

  get isMicEnabled() {
    return this._enabled;
  }

  get isCamEnabled() {
    return false;
  }

  get isSharingScreen() {
    return false;
  }

  get supportsScreenShare() {
    return false;
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
