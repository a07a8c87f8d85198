// The WebSocket of one connection, and Pipecat's transport upon it.
//
// The official transport's own socket cannot be closed while it opens, opens again what was given up, and tells a
// close code only within a sentence.

import type { RTVIMessage } from "@pipecat-ai/client-js";
import { WebSocketTransport } from "@pipecat-ai/websocket-transport";

import type { Arrival } from "./line-gauge.ts";
import type { LineRate } from "./line-rate.ts";
import type { StageMedia } from "./media.ts";
import { RATE_HZ, Resampler } from "./resampler.ts";
import { KEPT_SECS, SoundBacklog } from "./sound-backlog.ts";
import type { AudioFrame, OrderedSerializer } from "./wire.ts";

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** Who is told what the socket brings. */
interface Told {
  /** @param roundTripMs of the line, at most */
  onOpened(roundTripMs: number): void;
  onReceived(): void;
  onSound(arrival: Arrival): void;
  onClosed(closed: Closed): void;
}

type TransportOptions = NonNullable<ConstructorParameters<typeof WebSocketTransport>[0]>;

/** What the official transport keeps to itself. */
interface Inside {
  readonly _serializer: OrderedSerializer;
  readonly _callbacks: { onConnected?(): void; onDisconnected?(): void };
  _onMessage(message: RTVIMessage): void;
}

/** A WebSocket that an AbortSignal closes, whatever it is about to do. */
export class Socket {
  readonly open: Promise<void>;
  private readonly _ws: WebSocket;

  /** @param onClosed told once, unless it was the page that closed */
  constructor(url: string, onMessage: (data: Blob) => void, onClosed: (closed: Closed) => void, signal: AbortSignal) {
    signal.throwIfAborted();
    this._ws = new WebSocket(url);
    const listening = { signal };
    this.open = new Promise((resolve, reject) => {
      this._ws.addEventListener("open", () => resolve(), listening);
      this._ws.addEventListener("close", ({ code, reason }) => {
        reject(new Error(`closed with ${code}`));
        onClosed({ code, reason });
      }, listening);
      signal.addEventListener("abort", () => {
        reject(signal.reason);
        this._ws.close();
      }, { once: true });
    });
    this.open.catch(() => undefined); // whoever waits for it hears of it
    this._ws.addEventListener("message", ({ data }) => onMessage(data), listening);
  }

  get readyState() {
    return this._ws.readyState;
  }

  /** Bytes that the browser has taken and not yet sent. */
  get waiting() {
    return this._ws.bufferedAmount;
  }

  /** @param data dropped where nobody can take it any more */
  send(data: Parameters<WebSocket["send"]>[0]) {
    if (this._ws.readyState === WebSocket.OPEN) this._ws.send(data);
  }
}

/** Pipecat's transport for one connection: it ends with its signal, and closing it twice closes it once. */
export class StageTransport extends WebSocketTransport {
  silent = false; // what the character still says is not played any more
  private readonly _media: StageMedia;
  private readonly _rate: LineRate;
  private readonly _told: Told;
  private readonly _narrow = new Resampler(RATE_HZ, 8000);
  private readonly _signal: AbortSignal;
  private _left = false;
  private _held: SoundBacklog | null = null; // while the line stalls
  private _line: Socket | null = null;

  constructor(
    media: StageMedia,
    options: { serializer: OrderedSerializer; recorderSampleRate: number },
    rate: LineRate,
    told: Told,
    signal: AbortSignal,
  ) {
    super({ mediaManager: media as unknown as TransportOptions["mediaManager"], ...options });
    this._media = media;
    this._rate = rate;
    this._told = told;
    this._signal = signal;
  }

  private get _inside() {
    return this as unknown as Inside;
  }

  override async _connect({ wsUrl = "", token = "" }: { wsUrl?: string; token?: string } = {}) {
    this._signal.throwIfAborted();
    this.state = "connecting";
    const url = new URL(wsUrl);
    url.searchParams.set("token", token);
    url.searchParams.set("rate", String(this._rate.hz));
    const began = performance.now();
    this._line = new Socket(url.href, (data) => void this._take(data), this._told.onClosed, this._signal);
    await this._line.open;
    const trips = url.protocol === "wss:" ? 3 : 2; // TCP, TLS 1.3, and the upgrade
    this._told.onOpened((performance.now() - began) / trips);
    this._media.connect(this._signal);
    this.state = "connected";
    this._inside._callbacks.onConnected?.();
  }

  override async _disconnect() {
    if (this._left) return; // the media may be another connection's by now
    this._left = true;
    this._told.onClosed({ code: 1006, reason: "" }); // by Pipecat's client, where the bot left or failed for good
    this._media.disconnect();
    this.state = "disconnected";
    this._inside._callbacks.onDisconnected?.();
  }

  private async _take(data: Blob) {
    this._told.onReceived();
    const at = performance.now();
    const frame = await this._inside._serializer.deserialize(data).catch(() => null);
    if (this._signal.aborted || !frame) return;
    if (frame.type === "audio") this._play(frame, at);
    if (frame.type === "message" && frame.message.label === "rtvi-ai") this._inside._onMessage(frame.message);
  }

  private _play({ audio, rateHz, sentAt, bytes }: AudioFrame, at: number) {
    if (sentAt !== null) this._told.onSound({ sentAt, at, bytes });
    if (!this.silent) this._media.bufferBotAudio(audio, rateHz || undefined);
  }

  /** Seconds of the visitor's sound that the browser has not sent. */
  get waitingSecs() {
    return (this._line?.waiting ?? 0) / (2 * Math.max(8000, this._rate.upHz));
  }

  /** Keeps the visitor's sound back while the line stalls; the newest of it goes when the line is there again. */
  hold(stalled: boolean) {
    if (stalled) this._held ??= new SoundBacklog();
    else {
      const held = this._held;
      this._held = null;
      for (const chunk of held?.chunks ?? []) super.handleUserAudioStream(chunk);
    }
  }

  override handleUserAudioStream(data: ArrayBuffer) {
    if (this._held) this._held.add(data);
    // A line that is too slow for a voice carries what is said now, not what was said a while ago.
    else if (this.waitingSecs < KEPT_SECS) super.handleUserAudioStream(data);
  }

  override async _sendAudioInput(data: ArrayBuffer) {
    const { upHz } = this._rate;
    if (!upHz) return; // the visitor writes
    const sound = upHz < RATE_HZ ? this._narrow.takePcm(new Int16Array(data)).buffer : data;
    await this._sendMsg(this._inside._serializer.serializeAudio(sound, upHz, 1));
  }

  override async _sendMsg(message: Parameters<WebSocket["send"]>[0] | undefined) {
    if (message) this._line?.send(message);
  }
}
