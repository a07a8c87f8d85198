// Pipecat's transport upon whatever line serves: a call or a socket, and in mid-conversation another one.

import type { RTVIMessage } from "@pipecat-ai/client-js";
import { WebSocketTransport } from "@pipecat-ai/websocket-transport";

import { abortable, childOf, pause, within } from "./abort.ts";
import { CallLine, callsPossible } from "./call-line.ts";
import { LineChange } from "./line-change.ts";
import type { Arrival } from "./line-gauge.ts";
import { LineMemory, type LineKind } from "./line-memory.ts";
import { race } from "./line-race.ts";
import type { LineRate } from "./line-rate.ts";
import type { StageMedia } from "./media.ts";
import { RATE_HZ, Resampler } from "./resampler.ts";
import { Socket, type Closed } from "./socket.ts";
import { KEPT_SECS, SoundBacklog } from "./sound-backlog.ts";
import type { CallWay } from "./start.ts";
import { Talk } from "./talk.ts";
import type { AudioFrame, OrderedSerializer } from "./wire.ts";

const LOST: Closed = { code: 1006, reason: "" };
const REPLACED = 4409;
const OURS_MS = 5000; // within which a line that we gave up may still have taken the session
const CHANGE_SECS = 8; // for another line to be there
const UNTOLD_MS = 30_000; // a line is known to be lost by then
const WAY_MS = 100; // that a message may have been on its way when the last one came
const LOOK_MS = 500;
const MOMENT_SECS = 5; // for nobody to speak, once the server has answered

/** Who is told what the line brings. */
interface Told {
  /** @param roundTripMs of the line, at most */
  onOpened(roundTripMs: number): void;
  onReceived(): void;
  onSound(arrival: Arrival): void;
  onClosed(closed: Closed): void;
  /** Another line serves now. */
  onLine(kind: LineKind): void;
}

type TransportOptions = NonNullable<ConstructorParameters<typeof WebSocketTransport>[0]>;

/** What the official transport keeps to itself. */
interface Inside {
  readonly _serializer: OrderedSerializer;
  readonly _callbacks: { onConnected?(): void; onDisconnected?(): void };
  _onMessage(message: RTVIMessage): void;
}

interface Serving {
  readonly line: Socket | CallLine;
  readonly own: AbortController; // closes it
}

/** One connection's: it ends with its signal, and closing it twice closes it once. */
export class StageTransport extends WebSocketTransport {
  silent = false; // what the character still says is not played any more
  /** How a call is brought about; null where there are none. To be set before it connects. */
  call: CallWay | null = null;
  private readonly _media: StageMedia;
  private readonly _rate: LineRate;
  private readonly _told: Told;
  private readonly _memory = new LineMemory();
  private readonly _change = new LineChange();
  private readonly _talk = new Talk();
  private readonly _narrow = new Resampler(RATE_HZ, 8000);
  private readonly _signal: AbortSignal;
  private _left = false;
  private _held: SoundBacklog | null = null; // while the line stalls
  private _recent = new SoundBacklog(); // of what was said over a call, should that be lost
  private _untold: { readonly message: RTVIMessage; readonly at: number }[] = []; // sent by a call that may be lost
  private _receivedAt = 0;
  private _serving: Serving | null = null;
  private _way = { wsUrl: "", token: "" };
  private _changing = false;
  private _missed: Closed | null = null; // how a line closed while another was being chosen
  private _gaveUpAt = -Infinity; // a call, whose end of it may come too late

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

  /** By which line the two talk; null before there is one. */
  get kind() {
    return this._serving?.line.kind ?? null;
  }

  get figures() {
    const line = this._serving?.line;
    return line?.kind === "webrtc" ? line.figures : null;
  }

  // --- how it comes about ---

  override async _connect({ wsUrl = "", token = "" }: { wsUrl?: string; token?: string } = {}) {
    this._signal.throwIfAborted();
    this.state = "connecting";
    this._way = { wsUrl, token };
    this._use(await this._first());
    this._media.connect(this._signal);
    this.state = "connected";
    this._inside._callbacks.onConnected?.();
    if (this.call && callsPossible()) this._look();
  }

  private async _first(): Promise<Serving> {
    const made: { call?: CallLine; socket?: Socket } = {};
    const remembered = this.call && callsPossible() ? this._memory.recall() : "websocket";
    try {
      const { kind, own } = await race(
        {
          call: (signal) => (made.call = this._newCall(signal)),
          socket: (signal) => (made.socket = this._newSocket(signal)),
        },
        remembered,
        this._signal,
      );
      const line = kind === "webrtc" ? made.call : made.socket;
      if (made.call) this._memory.keep(kind);
      if (made.call && kind === "websocket") this._gaveUpAt = performance.now();
      return { line: line!, own };
    } catch (error) {
      if (this._missed) this._told.onClosed(this._missed);
      throw error;
    }
  }

  private _newSocket(signal: AbortSignal) {
    const url = new URL(this._way.wsUrl);
    url.searchParams.set("token", this._way.token);
    url.searchParams.set("rate", String(this._rate.hz));
    const began = performance.now();
    const socket = new Socket(url.href, (data) => void this._take(data, signal), (closed) => this._onClosed(signal, closed), signal);
    const trips = url.protocol === "wss:" ? 3 : 2; // TCP, TLS 1.3, and the upgrade
    socket.open.then(() => this._told.onOpened((performance.now() - began) / trips), () => undefined);
    return socket;
  }

  private _newCall(signal: AbortSignal, may?: () => Promise<unknown>) {
    const told = {
      onMessage: (message: object) => this._hear(message as RTVIMessage),
      onClosed: (closed: Closed) => this._onClosed(signal, closed),
      onReceived: () => {
        this._receivedAt = performance.now();
        this._told.onReceived();
      },
    };
    return new CallLine(this.call!, told, signal, may);
  }

  private _use(serving: Serving) {
    const before = this._serving;
    this._serving = serving;
    this._missed = null;
    this._change.changed();
    const { line, own } = serving;
    own.signal.throwIfAborted();
    this._media.carry(line.kind === "webrtc" ? line : null);
    before?.own.abort(new Error("another line serves"));
    this._told.onLine(line.kind);
  }

  // --- how it is lost, and changed ---

  private _onClosed(signal: AbortSignal, closed: Closed) {
    if (!this._serving || this._changing) {
      if (!this._serving || signal === this._serving.own.signal) this._missed = closed;
      return;
    }
    if (signal !== this._serving.own.signal) return;
    if (this.kind === "webrtc" && closed.code === LOST.code) void this._fallBack();
    else this._told.onClosed(this._ours(closed));
  }

  /** What our own other line did is a line that was lost, not a visitor who has come elsewhere. */
  private _ours(closed: Closed) {
    return closed.code === REPLACED && performance.now() - this._gaveUpAt < OURS_MS ? LOST : closed;
  }

  private async _fallBack() {
    if (await this._changeTo((signal) => this._newSocket(signal))) {
      this._memory.keep("websocket");
      // What was said to a line that was lost already.
      for (const { message, at } of this._untold) if (at > this._receivedAt - WAY_MS) super.sendMessage(message);
      for (const chunk of this._recent.chunks) super.handleUserAudioStream(chunk);
    } else if (!this._changing && !this._signal.aborted) this._told.onClosed(LOST);
    this._recent = new SoundBacklog();
    this._untold = [];
  }

  /** Whether another line serves now. */
  private async _changeTo(made: (signal: AbortSignal) => Socket | CallLine) {
    if (this._changing || this._signal.aborted) return false;
    this._changing = true;
    const own = childOf(this._signal);
    try {
      const line = made(own.signal);
      await within(abortable(line.open, own.signal), CHANGE_SECS);
      this._use({ line, own });
      return true;
    } catch (error) {
      own.abort(error);
      this._gaveUpAt = performance.now();
      this._changing = false;
      if (this._missed) this._told.onClosed(this._ours(this._missed));
      this._missed = null;
      return false;
    } finally {
      this._changing = false;
    }
  }

  /** The socket does badly: a call takes its place as soon as nobody speaks, where one comes about. */
  wantBetter() {
    if (this.kind === "websocket") this._change.want();
  }

  private get _quiet() {
    return !this._held && this._talk.rests(performance.now()) && this._media.quietSecs > 1;
  }

  private _look() {
    const timer = setInterval(() => {
      if (this.kind === "websocket" && !this._changing && this._change.due(this._quiet, performance.now())) void this._improve();
    }, LOOK_MS);
    this._signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  }

  private async _improve() {
    if (await this._changeTo((signal) => this._newCall(signal, () => this._moment(signal)))) this._memory.keep("webrtc");
    else this._change.failed(performance.now());
  }

  private async _moment(signal: AbortSignal) {
    for (let waited = 0; !this._quiet; waited += 0.1) {
      if (waited > MOMENT_SECS) throw new Error("somebody speaks");
      await pause(0.1, signal);
    }
  }

  override async _disconnect() {
    if (this._left) return; // the media may be another connection's by now
    this._left = true;
    this._told.onClosed(LOST); // by Pipecat's client, where the bot left or failed for good
    this._media.disconnect();
    this.state = "disconnected";
    this._inside._callbacks.onDisconnected?.();
  }

  // --- what comes ---

  private async _take(data: Blob, signal: AbortSignal) {
    this._told.onReceived();
    const at = performance.now();
    const frame = await this._inside._serializer.deserialize(data).catch(() => null);
    if (signal.aborted || !frame) return;
    if (frame.type === "audio") this._play(frame, at);
    if (frame.type === "message") this._hear(frame.message);
  }

  private _hear(message: RTVIMessage) {
    if (message.label !== "rtvi-ai" || this._signal.aborted) return;
    this._talk.note(message.type, performance.now());
    this._inside._onMessage(message);
  }

  private _play({ audio, rateHz, sentAt, bytes }: AudioFrame, at: number) {
    if (sentAt !== null) this._told.onSound({ sentAt, at, bytes });
    if (!this.silent) this._media.bufferBotAudio(audio, rateHz || undefined);
  }

  // --- what goes ---

  /** Seconds of the visitor's sound that the browser has not sent. */
  get waitingSecs() {
    const line = this._serving?.line;
    return line?.kind === "websocket" ? line.waiting / (2 * Math.max(8000, this._rate.upHz)) : 0;
  }

  /**
   * Keeps the visitor's sound back while the socket stalls; the newest of it goes when that is there again. A call that
   * stalls is left for a socket.
   */
  hold(stalled: boolean) {
    if (stalled && this.kind === "webrtc") void this._fallBack();
    else if (stalled) this._held ??= new SoundBacklog();
    else if (this._held) {
      const held = this._held;
      this._held = null;
      for (const chunk of held.chunks) super.handleUserAudioStream(chunk);
      this.wantBetter();
    }
  }

  override handleUserAudioStream(data: ArrayBuffer) {
    if (this.kind === "webrtc") this._recent.add(data);
    else if (this._held) this._held.add(data);
    // A line that is too slow for a voice carries what is said now, not what was said a while ago.
    else if (this.waitingSecs < KEPT_SECS) super.handleUserAudioStream(data);
  }

  override async _sendAudioInput(data: ArrayBuffer) {
    const { upHz } = this._rate;
    if (!upHz) return; // the visitor writes
    const sound = upHz < RATE_HZ ? this._narrow.takePcm(new Int16Array(data)).buffer : data;
    await this._sendMsg(this._inside._serializer.serializeAudio(sound, upHz, 1));
  }

  override sendMessage(message: RTVIMessage) {
    this._talk.note(message.type, performance.now());
    const line = this._serving?.line;
    if (line?.kind === "webrtc") {
      const at = performance.now();
      this._untold = [...this._untold.filter((one) => at - one.at < UNTOLD_MS), { message, at }];
      line.send(message);
    } else super.sendMessage(message);
  }

  override async _sendMsg(message: Parameters<WebSocket["send"]>[0] | undefined) {
    const line = this._serving?.line;
    if (message && line?.kind === "websocket") line.send(message);
  }
}
