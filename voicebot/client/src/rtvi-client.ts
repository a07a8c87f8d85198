// Pipecat's client upon one connection, from the way in to its end, once. A bundle of its own, four fifths of all the
// page's code, which is loaded after what one sees; nothing of it is an `instanceof` anything of the stage's bundle.

import { LogLevel, PipecatClient, type RTVIEventCallbacks } from "@pipecat-ai/client-js";

import { abortable, childOf, within } from "./abort.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { LineRate } from "./line-rate.ts";
import { LineWatch } from "./line-watch.ts";
import type { StageMedia } from "./media.ts";
import { RECORDER_RATE_HZ } from "./recorder-rate.ts";
import type { Closed } from "./socket.ts";
import { StageTransport } from "./stage-transport.ts";
import type { CallWay } from "./start.ts";
import { OrderedSerializer } from "./wire.ts";

const CONNECT_SECS = 20;
const END_SECS = 3; // for the server to answer that the conversation is over
const BEST_HZ = 24_000;
const SESSION_OVER = 4410;
const GONE = 1006; // RFC 6455: closed without a word

/** Who is told what one socket brings. */
export interface ClientOwner {
  /** Whether the microphone is open. */
  readonly hearing: boolean;
  readonly callbacks: RTVIEventCallbacks;
  /** The server says that the voice stops here. */
  onInterrupted(): void;
  /** Nothing comes of the server, or something does again. */
  onStalled(stalled: boolean): void;
  /** The line carries sound at another rate now, or none, or is another one. */
  onRate(): void;
}

export class RtviClient {
  readonly client: PipecatClient;
  readonly closed: Promise<Closed>;
  private readonly _media: StageMedia;
  private readonly _own = childOf();
  private readonly _heartbeat: Heartbeat;
  private readonly _watch: LineWatch;
  private readonly _transport: StageTransport;
  private _onClosed: (closed: Closed) => void = () => undefined;
  private _ready = false;
  private _ending = false;

  /** @param parent when it is aborted, nothing of the connection stays and nobody hears of it any more */
  constructor(media: StageMedia, rate: LineRate, owner: ClientOwner, parent: AbortSignal) {
    this._media = media;
    const { signal } = this._own;
    parent.addEventListener("abort", () => this._ending || this.hangUp(), { once: true, signal });
    this.closed = new Promise((resolve) => (this._onClosed = resolve));
    const heart = {
      ask: () => this._ask("ping"),
      onStalled: (stalled: boolean) => {
        const onCall = this.kind === "webrtc";
        this._transport.hold(stalled);
        this._watch.stalled = stalled;
        // A call that stalls is left for a socket: where there is none, the line is lost, and that is told.
        if (this._listened && !(stalled && onCall)) owner.onStalled(stalled);
      },
      onDead: () => this._onClosed({ code: GONE, reason: "" }),
    };
    this._heartbeat = new Heartbeat(heart, signal);
    const line = {
      ping: (pad: number) => this._ask("ping", { pad }),
      waitingSecs: () => this._transport.waitingSecs,
      onRate: (hz: number) => {
        void this._ask("audio.rate", { hz }).catch(() => undefined);
        if (hz < BEST_HZ) this._transport.wantBetter();
        if (this._listened) owner.onRate();
      },
      onCushion: (secs: number) => void (media.cushionSecs = secs),
    };
    this._watch = new LineWatch(line, rate, signal);
    this._transport = new StageTransport(
      media,
      {
        serializer: new OrderedSerializer(() => this._listened && owner.onInterrupted()),
        recorderSampleRate: RECORDER_RATE_HZ,
      },
      rate,
      {
        onOpened: (roundTripMs) => this._watch.opened(roundTripMs),
        onReceived: () => this._heartbeat.received(),
        onSound: (arrival) => this._watch.received(arrival),
        onClosed: (closed) => this._onClosed(closed),
        onLine: (kind) => {
          this._watch.change(kind);
          if (this._ready) this._heartbeat.received(); // the new line has not had its time yet
          if (this._listened) owner.onRate();
        },
      },
      signal,
    );
    this.client = new PipecatClient({
      transport: this._transport,
      enableMic: owner.hearing,
      callbacks: this._whileListened(owner.callbacks),
    });
    this.client.setLogLevel(LogLevel.WARN); // below it, the console would hold the conversation
  }

  private async _ask(what: string, values: object = {}) {
    await this.client.sendClientRequest(what, values, CONNECT_SECS * 1000);
  }

  /** Whether anybody listens: a message that was still being read when its socket went must not speak for the next. */
  private get _listened() {
    return !this._own.signal.aborted && !this._ending;
  }

  private _whileListened(callbacks: RTVIEventCallbacks): RTVIEventCallbacks {
    const guarded = Object.entries(callbacks).map(([name, callback]) => [
      name,
      (...values: unknown[]) => this._listened && (callback as (...values: unknown[]) => void)(...values),
    ]);
    return Object.fromEntries(guarded);
  }

  /** By which line the two talk; null before there is one. */
  get kind() {
    return this._transport.kind;
  }

  /** How a call does; null on a socket. */
  get figures() {
    return this._transport.figures;
  }

  /** Whether both sides are ready; Pipecat's client says so when it has only sent that it is. */
  get ready() {
    return this._ready && !this._own.signal.aborted;
  }

  /**
   * Connects, until both sides are ready: null, or how it closed before that. Throws Error("late"), or the reason of the
   * signal.
   */
  async open({ wsUrl, token, call }: { wsUrl: string; token: string; call: CallWay | null }) {
    this._transport.call = call;
    const connected = this.client.connect({ wsUrl, token }).then(() => null);
    const closed = await within(abortable(Promise.race([connected, this.closed]), this._own.signal), CONNECT_SECS);
    if (closed) return closed;
    this._ready = true;
    this._heartbeat.begin();
    this._watch.begin();
    return null;
  }

  /** Lets go of line and microphone at once. */
  hangUp() {
    this._own.abort();
    void this.client.disconnect().catch(() => undefined);
  }

  /** Ends the session for good, then hangs up: whether the server has said so. The microphone is let go at once. */
  async end() {
    this._ending = true;
    this._transport.silent = true;
    this._media.disconnect();
    // The server may close before it answers, and the client then never settles the request.
    const answered = this.client.sendClientRequest("session.end", {}, END_SECS * 1000).then(() => true);
    const closed = this.closed.then(({ code }) => code === SESSION_OVER);
    const over = await within(Promise.race([answered, closed]), END_SECS).catch(() => false);
    this.hangUp();
    return over;
  }
}
