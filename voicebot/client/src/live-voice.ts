// The character's voice as a call brings it: played as it comes, with the same reports as of sound that is queued.

import { abortable } from "./abort.ts";
import type { PlayerReport } from "./player.ts";

/** Between a message of the server's and the sound that it is about: what it sends ahead, and the browser's buffer. */
export const LIVE_LAG_SECS = 0.25;

export class LiveVoice {
  private readonly _context = new AudioContext({ latencyHint: "interactive" }); // Firefox joins a call only to its own rate
  private readonly _gain = this._context.createGain();
  private readonly _pull = new Audio(); // without an element Chromium takes nothing of a call (crbug.com/933677)
  private _node: AudioWorkletNode | null = null;
  private _positionSecs = 0;

  /** @param onReport called every 50 ms */
  constructor(workletUrl: string, stream: MediaStream, onReport: (report: PlayerReport) => void, signal: AbortSignal) {
    this._gain.connect(this._context.destination);
    this._pull.muted = true;
    this._pull.srcObject = stream;
    void this._pull.play().catch(() => undefined);
    signal.addEventListener("abort", () => this._close(), { once: true });
    void this._open(workletUrl, stream, onReport, signal).catch(() => undefined);
    void this._context.resume().catch(() => undefined);
  }

  private async _open(workletUrl: string, stream: MediaStream, onReport: (report: PlayerReport) => void, signal: AbortSignal) {
    await abortable(this._context.audioWorklet.addModule(workletUrl), signal);
    signal.throwIfAborted();
    const node = (this._node = new AudioWorkletNode(this._context, "live", { outputChannelCount: [2] }));
    node.port.onmessage = ({ data }) => {
      this._positionSecs = data.positionSecs;
      if (!signal.aborted) onReport(data);
    };
    this._context.createMediaStreamSource(stream).connect(node).connect(this._gain);
  }

  get suspended() {
    return this._context.state === "suspended";
  }

  /** Where what the server sends now will be heard. */
  get takenSecs() {
    return this._positionSecs + LIVE_LAG_SECS;
  }

  set volume(volume: number) {
    this._gain.gain.value = volume;
  }

  async to(device: string) {
    const context = this._context as AudioContext & { setSinkId?(id: string): Promise<void> };
    await context.setSinkId?.(device).catch(() => undefined);
  }

  /** What is on its way is not heard: silence behind it says that all of it has gone by. */
  flush() {
    this._node?.port.postMessage({ flush: true });
  }

  private _close() {
    this._pull.srcObject = null;
    void this._context.close().catch(() => undefined);
  }
}
