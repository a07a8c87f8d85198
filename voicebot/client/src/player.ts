// The character's voice in the page: an audio context with the player worklet in it.

import { abortable, childOf } from "./abort.ts";
import { LiveVoice } from "./live-voice.ts";
import type { PlayerMessage } from "./player-worklet.ts";
import { Resampler } from "./resampler.ts";
import { ScheduledVoice } from "./scheduled-voice.ts";

export const PLAYER_RATE_HZ = 24_000;
const FADED_SECS = 0.05; // the worklet has faded out by then

export interface PlayerReport {
  /** Root mean square of the last 50 ms, 0 to 1. */
  readonly level: number;
  readonly playing: boolean;
  readonly bufferedSecs: number;
  /** How much of all sound that was ever to be played is over. */
  readonly positionSecs: number;
  /** Audible samples so far. */
  readonly heard: number;
  /** Times the voice ran dry. */
  readonly gaps: number;
  /** How long it was silent the last time, before it went on. */
  readonly gapSecs: number;
}

export class Player {
  private readonly _workletUrl: string;
  private readonly _onReport: (report: PlayerReport) => void;
  private _own: AbortController | null = null; // from `open` to `close`
  private _context: AudioContext | null = null;
  private _node: AudioWorkletNode | null = null;
  private _scheduled: ScheduledVoice | null = null; // in its place, where there are no worklets
  private _gain: GainNode | null = null;
  private _volume = 1;
  private _device = "";
  private _cushionSecs = 0;
  private _taken = 0; // samples that were ever to be played, in this context
  private _live: { readonly voice: LiveVoice; readonly own: AbortController } | null = null; // of a call, in place of the queue
  private _heard = { all: 0, queued: 0, live: 0 }; // audible samples
  private _resampler: { readonly fromHz: number; readonly resampler: Resampler } | null = null;

  /** @param onReport called every 50 ms */
  constructor(workletUrl: string, onReport: (report: PlayerReport) => void) {
    this._workletUrl = workletUrl;
    this._onReport = onReport;
  }

  /** Passes a report on, if it is of what is played now. */
  private _take(report: PlayerReport, from: "queued" | "live") {
    const { heard } = report;
    if (from !== (this._live ? "live" : "queued")) return;
    const all = this._heard.all + Math.max(0, heard - this._heard[from]);
    this._heard = { ...this._heard, all, [from]: heard };
    this._onReport({ ...report, heard: all });
  }

  /** Plays a call's voice as it comes, in place of what is queued; null for the queue again. */
  listen(stream: MediaStream | null) {
    this._live?.own.abort();
    this._live = null;
    if (!stream) return;
    const own = childOf(this._own?.signal);
    const voice = new LiveVoice(this._workletUrl, stream, (report) => this._take(report, "live"), own.signal);
    this._heard.live = 0;
    this._live = { voice, own };
    voice.volume = this._volume;
    if (this._device) void voice.to(this._device);
  }

  /**
   * Opens the sound until the signal is aborted; needs a click before it, as browsers want. Throws what loading
   * the worklet throws, or the signal's reason; then nothing of it stays.
   */
  async open(parent: AbortSignal) {
    this.close();
    const own = (this._own = childOf(parent));
    const { signal } = own;
    signal.addEventListener("abort", () => this._own === own && this.close(), { once: true });
    try {
      signal.throwIfAborted();
      const context = (this._context = new AudioContext({ sampleRate: PLAYER_RATE_HZ, latencyHint: "interactive" }));
      // Browsers give worklets to pages of an https address, or of this machine, only.
      const load = (context.audioWorklet as AudioWorklet | undefined)?.addModule(this._workletUrl);
      if (load) await abortable(load, signal);
      signal.throwIfAborted();
      this._connect(context);
      void context.resume().catch(() => undefined); // it may wait for the visitor's next touch
    } catch (error) {
      if (this._own === own) this.close();
      throw error;
    }
    if (this._device) await this.to(this._device);
  }

  private _connect(context: AudioContext) {
    this._gain = context.createGain();
    this._gain.gain.value = this._volume;
    this._taken = this._heard.queued = 0;
    this._cushionSecs = 0; // the worklet's own, until there is another
    this._gain.connect(context.destination);
    if (!context.audioWorklet) {
      this._scheduled = new ScheduledVoice(context, this._gain, (report) => this._take(report, "queued"));
      return;
    }
    this._node = new AudioWorkletNode(context, "player", { numberOfInputs: 0, outputChannelCount: [2] });
    this._node.port.onmessage = ({ data }) => this._take(data, "queued");
    this._node.connect(this._gain);
  }

  /** Lets the loudspeaker go, also while it is being opened. */
  close() {
    const [own, context, node, scheduled] = [this._own, this._context, this._node, this._scheduled];
    this.flush();
    this.listen(null);
    this._own = this._context = this._node = this._gain = this._scheduled = null;
    own?.abort();
    scheduled?.close();
    if (!context) return;
    const close = () => void context.close().catch(() => undefined);
    if (!node && !scheduled) return close();
    if (node) node.port.onmessage = null;
    setTimeout(close, FADED_SECS * 1000);
  }

  /** Whether the browser keeps the sound back: nothing was clicked yet, or there is no loudspeaker (Firefox). */
  get suspended() {
    return this._live ? this._live.voice.suspended : this._context?.state === "suspended";
  }

  /** 0 to 1 */
  set volume(volume: number) {
    this._volume = volume;
    if (this._gain) this._gain.gain.value = volume;
    if (this._live) this._live.voice.volume = volume;
  }

  /**
   * Plays through another loudspeaker, where the browser can.
   * @param device its id, '' for the usual one
   */
  async to(device: string) {
    this._device = device;
    const context = this._context as (AudioContext & { setSinkId?(id: string): Promise<void> }) | null;
    await Promise.all([context?.setSinkId?.(device).catch(() => undefined), this._live?.voice.to(device)]);
  }

  /** @param pcm mono */
  play(pcm: Int16Array, rateHz = PLAYER_RATE_HZ) {
    const voice = rateHz === PLAYER_RATE_HZ ? pcm : this._resampled(pcm, rateHz);
    if (!voice.length) return; // a resampler's first is for later
    this._taken += voice.length;
    this._scheduled?.play(voice);
    this._post({ pcm: voice });
  }

  private _resampled(pcm: Int16Array, fromHz: number) {
    if (this._resampler?.fromHz !== fromHz) this._resampler = { fromHz, resampler: new Resampler(fromHz, PLAYER_RATE_HZ) };
    return this._resampler.resampler.takePcm(pcm);
  }

  /** Where what is played next begins, in all sound so far: see `positionSecs`. */
  get takenSecs() {
    return this._live ? this._live.voice.takenSecs : this._taken / PLAYER_RATE_HZ;
  }

  /** How much is waited for before the first sample of what comes next. */
  set cushionSecs(secs: number) {
    if (Math.abs(secs - this._cushionSecs) < 0.01) return;
    this._cushionSecs = secs;
    this._post({ cushionSecs: secs });
  }

  /** Drops everything that is not yet heard. */
  flush() {
    this._scheduled?.flush();
    this._live?.voice.flush();
    this._resampler = null;
    this._post({ flush: true });
  }

  private _post(message: PlayerMessage) {
    this._node?.port.postMessage(message);
  }
}
