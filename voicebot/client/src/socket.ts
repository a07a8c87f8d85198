// A WebSocket as a line.
//
// The official transport's own socket cannot be closed while it opens, opens again what was given up, and tells a
// close code only within a sentence.

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** A WebSocket that an AbortSignal closes, whatever it is about to do. */
export class Socket {
  readonly kind = "websocket";
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
