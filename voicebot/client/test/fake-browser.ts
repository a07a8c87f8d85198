// As much of a browser as a call needs, where each step waits for the test: what a visitor or a network is slow in.
// The same moments are tested with a real browser and a real server in tests/browser/test_leaving.py.

import { ProtobufFrameSerializer } from "@pipecat-ai/websocket-transport";

type Step = "player" | "permission" | "start" | "socket" | "microphone" | "recorder" | "bot-ready";

export class FakeTrack {
  readonly kind = "audio";
  readyState: "live" | "ended" = "live";
  enabled = true;
  readonly wish: MediaTrackConstraints;

  constructor(wish: MediaTrackConstraints) {
    this.wish = wish;
  }

  stop() {
    this.readyState = "ended";
  }
}

export class FakeBrowser {
  readonly tracks: FakeTrack[] = [];
  readonly sockets: FakeSocket[] = [];
  readonly contexts: { closed: boolean }[] = [];
  readonly locks: { released: boolean }[] = [];
  readonly requests: { method: string; url: string; body: any }[] = [];
  answers = true; // the server, when a conversation is ended by its socket
  speaker = true; // there is one
  refuses = ""; // the name of what getUserMedia throws
  private readonly _held = new Set<Step>();
  private readonly _waiting = new Map<Step, (() => void)[]>();
  private _asked = 0;

  hold(step: Step) {
    this._held.add(step);
  }

  async release() {
    this._held.clear();
    for (const steps of this._waiting.values()) for (const go of steps) go();
    this._waiting.clear();
    await settle();
  }

  /** Waits until somebody waits for this step. */
  async reached(step: Step) {
    for (let i = 0; i < 200 && !this._waiting.has(step); i++) await settle();
    if (!this._waiting.has(step)) throw new Error(`${step} is never waited for`);
  }

  async gate(step: Step) {
    if (!this._held.has(step)) return;
    await new Promise<void>((go) => this._waiting.set(step, [...(this._waiting.get(step) ?? []), go]));
  }

  get live() {
    return {
      tracks: this.tracks.filter((track) => track.readyState === "live").length,
      sockets: this.sockets.filter((socket) => socket.readyState < FakeSocket.CLOSING).length,
      contexts: this.contexts.filter((context) => !context.closed).length,
      locks: this.locks.filter((lock) => !lock.released).length,
    };
  }

  asked(method: string, part: string) {
    return this.requests.filter((request) => request.method === method && request.url.includes(part));
  }

  private async _getUserMedia({ audio }: { audio: MediaTrackConstraints }) {
    await this.gate(this._asked++ ? "microphone" : "permission");
    if (this.refuses) throw new DOMException("no", this.refuses);
    const track = new FakeTrack(audio);
    this.tracks.push(track);
    return { getTracks: () => [track], getAudioTracks: () => [track] };
  }

  private async _fetch(url: string, options: RequestInit = {}) {
    const body = JSON.parse(String(options.body ?? "null"));
    this.requests.push({ method: options.method ?? "GET", url, body });
    if (options.method === "POST") await this.gate("start");
    const way = { wsUrl: "ws://house.example/ws/session-1/audio", token: "t" };
    return new Response(JSON.stringify(options.method === "POST" ? way : {}), { status: 200 });
  }

  /** Puts all of it where a page finds it. */
  install() {
    const browser = this;
    class Context {
      readonly _context = { closed: false };
      readonly destination = {};
      readonly state = browser.speaker ? "running" : "suspended";
      readonly audioWorklet = {
        addModule: (url: string) => browser.gate(url.includes("recorder") ? "recorder" : "player"),
      };
      constructor() {
        browser.contexts.push(this._context);
      }
      createGain = () => ({ gain: { value: 1 }, connect: () => ({}) });
      createMediaStreamSource = () => ({ connect: () => ({}) });
      resume = async () => undefined;
      close = async () => void (this._context.closed = true);
    }
    class Node {
      readonly port = { onmessage: null, postMessage: () => undefined };
      connect = (target: unknown) => target;
    }
    class Socket extends FakeSocket {
      constructor(url: string) {
        super(url, browser);
        browser.sockets.push(this);
      }
    }
    const navigator = {
      userAgent: "Chrome/140",
      mediaDevices: { getUserMedia: (wish: any) => browser._getUserMedia(wish), enumerateDevices: async () => [] },
      wakeLock: {
        request: async () => {
          const lock = { released: false, release: async () => void (lock.released = true) };
          browser.locks.push(lock);
          return lock;
        },
      },
    };
    const page = Object.assign(new EventTarget(), { hidden: false, getElementById: () => null });
    const fakes = {
      window: Object.assign(new EventTarget(), { navigator }),
      document: page,
      navigator,
      location: { protocol: "http:" },
      AudioContext: Context,
      AudioWorkletNode: Node,
      WebSocket: Socket,
      fetch: (url: string, options?: RequestInit) => browser._fetch(url, options),
    };
    for (const [name, value] of Object.entries(fakes)) {
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    }
  }
}

/** A socket that opens, and a server behind it that greets with bot-ready. */
export class FakeSocket extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  readyState = FakeSocket.CONNECTING;
  readonly sent: Uint8Array[] = [];
  readonly url: string;
  private readonly _browser: FakeBrowser;

  constructor(url: string, browser: FakeBrowser) {
    super();
    this.url = url;
    this._browser = browser;
    void this._open(browser);
  }

  private async _open(browser: FakeBrowser) {
    await browser.gate("socket");
    if (this.readyState !== FakeSocket.CONNECTING) return;
    this.readyState = FakeSocket.OPEN;
    this.dispatchEvent(new Event("open"));
    await settle();
    await browser.gate("bot-ready");
    this.says("bot-ready", { version: "2.2.0" });
  }

  /** A message of the server's, which may come too late for anybody to listen. */
  says(type: string, data: object) {
    const message = { label: "rtvi-ai", type, id: "1", data };
    const bytes = new ProtobufFrameSerializer().serializeMessage(message as any);
    this.dispatchEvent(new MessageEvent("message", { data: new Blob([bytes as BlobPart]) }));
  }

  send(data: Uint8Array) {
    this.sent.push(data);
    if (this._browser.answers && new TextDecoder().decode(data).includes("session.end")) setImmediate(() => this.close(4410));
  }

  close(code = 1000) {
    if (this.readyState >= FakeSocket.CLOSING) return;
    this.readyState = FakeSocket.CLOSED;
    this.dispatchEvent(Object.assign(new Event("close"), { code, reason: "" }));
  }
}

/** Lets everything that is due happen. */
export async function settle() {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits until it holds; says what did not. */
export async function until(holds: () => boolean, what: string) {
  for (let i = 0; i < 400; i++) {
    if (holds()) return;
    await settle();
  }
  throw new Error(`never: ${what}`);
}
