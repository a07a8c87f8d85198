// The microphone: opened as the visitor wishes, and closed whatever it is about to do.

import { abortable, childOf } from "./abort.ts";
import type { Settings } from "./settings.ts";

/** How a visitor wants to be heard. */
export type Hearing = Readonly<Pick<Settings, "microphone" | "noise" | "echo">>;

/** Browsers give the microphone to pages of an https address, or of this machine, only. */
export class InsecurePage extends Error {
  override readonly name = "InsecurePage";
}

function stop(stream: MediaStream) {
  for (const track of stream.getTracks()) track.stop();
}

/**
 * The microphone's stream, with the visitor's wishes; throws what getUserMedia throws, InsecurePage, or the signal's
 * reason. The browser's question to the visitor cannot be taken back: what is allowed after the signal is stopped at once.
 */
async function streamOf({ microphone, noise, echo }: Hearing, signal: AbortSignal) {
  signal.throwIfAborted();
  if (!navigator.mediaDevices) throw new InsecurePage();
  const asked = navigator.mediaDevices.getUserMedia({
    audio: {
      ...(microphone && { deviceId: { exact: microphone } }),
      noiseSuppression: noise,
      echoCancellation: echo,
      autoGainControl: true,
      channelCount: 1,
    },
  });
  return await abortable(asked, signal, stop);
}

const sameWish = (one: Hearing, other: Hearing) =>
  one.microphone === other.microphone && one.noise === other.noise && one.echo === other.echo;

type Timer = ReturnType<typeof setTimeout>;
const ASKED_SECS = 5; // a microphone that nothing comes of is not left open for longer

/** A microphone and the worklet that records it. */
export class Microphone {
  private readonly _workletUrl: string;
  private readonly _onChunk: (pcm: ArrayBuffer) => void;
  private _own: AbortController | null = null; // from `open` to `close`
  private _stream: MediaStream | null = null;
  private _context: AudioContext | null = null;
  private _asked: { readonly stream: MediaStream; readonly wish: Hearing; readonly late: Timer } | null = null;
  private _opening = false;

  /** @param onChunk mono int16 at 16 kHz, 32 ms at a time */
  constructor(workletUrl: string, onChunk: (pcm: ArrayBuffer) => void) {
    this._workletUrl = workletUrl;
    this._onChunk = onChunk;
  }

  get track() {
    return this._stream?.getAudioTracks()[0];
  }

  get opening() {
    return this._opening;
  }

  /**
   * Asks whether there is one that may be used, and keeps what the browser gives for an `open` that follows soon: some
   * browsers ask the visitor each time. Throws what getUserMedia throws, InsecurePage, or the signal's reason.
   */
  async ask({ microphone, noise, echo }: Hearing, signal: AbortSignal) {
    const wish = { microphone, noise, echo };
    const stream = await streamOf(wish, signal);
    if (signal.aborted) stop(stream);
    signal.throwIfAborted();
    this.letGo();
    this._asked = { stream, wish, late: setTimeout(() => this.letGo(), ASKED_SECS * 1000) };
    signal.addEventListener("abort", () => this.letGo(), { once: true });
  }

  /** Lets go what `ask` was given. */
  letGo() {
    const stream = this._given();
    if (stream) stop(stream);
  }

  /** What `ask` was given, which is the caller's from now on. */
  private _given() {
    const asked = this._asked;
    this._asked = null;
    clearTimeout(asked?.late);
    return asked?.stream;
  }

  /**
   * Opens it, in place of whatever was open or about to be. Throws what getUserMedia throws, and an AbortError where
   * the signal, `close` or another `open` came before it was open; then nothing of it stays.
   * @param parent closes it as well, at any time
   */
  async open(wish: Hearing, parent?: AbortSignal) {
    const given = this._asked && sameWish(this._asked.wish, wish) ? this._given() : undefined;
    this.close();
    const own = (this._own = childOf(parent));
    const { signal } = own;
    signal.addEventListener("abort", () => this._own === own && this.close(), { once: true });
    this._opening = true;
    try {
      const stream = given ?? (await streamOf(wish, signal));
      if (signal.aborted) stop(stream);
      signal.throwIfAborted();
      this._stream = stream; // from here on `close` stops it
      await this._record(stream, signal);
      signal.throwIfAborted();
      this._opening = false;
    } catch (error) {
      if (this._own === own) this.close();
      throw error;
    }
  }

  private async _record(stream: MediaStream, signal: AbortSignal) {
    // Firefox joins a microphone only to a context of its own rate: the worklet resamples.
    const context = (this._context = new AudioContext({ latencyHint: "interactive" }));
    await abortable(context.audioWorklet.addModule(this._workletUrl), signal);
    signal.throwIfAborted();
    const node = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0 });
    node.port.onmessage = ({ data }) => signal.aborted || this._onChunk(data);
    context.createMediaStreamSource(stream).connect(node);
    void context.resume().catch(() => undefined); // it may wait for the visitor's next touch
  }

  /** Lets it go, also while it is being opened. */
  close() {
    this.letGo();
    const own = this._own;
    this._own = null;
    this._opening = false;
    own?.abort();
    if (this._stream) stop(this._stream);
    this._stream = null;
    void this._context?.close().catch(() => undefined);
    this._context = null;
  }
}
