// A call by WebRTC as a line: one peer connection, sound both ways, messages over its data channel.

import type { CallWay } from "./start.ts";
import type { Closed } from "./socket.ts";

const LOST: Closed = { code: 1006, reason: "" };
const LOOK_MS = 400; // the server sends a packet so often, if only to say that there is silence
const ATTEMPT_MS = 20_000; // for which the server keeps a call that nobody has come to

/** Who is told what a call brings. */
export interface CallTold {
  /** @param message of the server's, as JSON has it */
  onMessage(message: { label?: string; type?: string; data?: any }): void;
  /** Told once, unless it was the page that hung up. */
  onClosed(closed: Closed): void;
  /** Something came of the server: a message, or a packet of sound. */
  onReceived(): void;
}

/** How a call does, since it began. */
export interface CallFigures {
  /** Of the packets of sound that were sent to us, those that did not come: 0 to 1. */
  readonly loss: number;
  /** Sound that the browser made up because the packets were late or lost, seconds. */
  readonly concealedSecs: number;
  readonly roundTripMs: number;
}

/** Whether this browser makes calls, and plays them. */
export const callsPossible = () =>
  typeof RTCPeerConnection === "function" && typeof AudioWorkletNode === "function" && isSecureContext;

export class CallLine {
  readonly kind = "webrtc";
  /** Settles when messages can be sent: from then on the session is this line's. */
  readonly open: Promise<void>;
  /** Settles when packets pass: what is left is a matter of round trips. */
  readonly passes: Promise<void>;
  readonly sender: RTCRtpSender;
  figures: CallFigures = { loss: 0, concealedSecs: 0, roundTripMs: 0 };
  private readonly _peer: RTCPeerConnection;
  private readonly _channel: RTCDataChannel;
  private readonly _way: CallWay;
  private readonly _told: CallTold;
  private readonly _signal: AbortSignal;
  private _id = "";
  private _over = false;
  private _waiting: RTCIceCandidate[] = []; // until the call has an id
  private _packets = 0;
  private _fail: (error: unknown) => void = () => undefined;

  /**
   * @param may waited for between the server's answer and the call: the session is taken over soon after it
   * @param signal hangs up
   */
  constructor(way: CallWay, told: CallTold, signal: AbortSignal, may: () => Promise<unknown> = async () => undefined) {
    signal.throwIfAborted();
    [this._way, this._told, this._signal] = [way, told, signal];
    const peer = (this._peer = new RTCPeerConnection({ iceServers: way.iceServers, bundlePolicy: "max-bundle" }));
    this.sender = peer.addTransceiver("audio", { direction: "sendrecv" }).sender;
    const channel = (this._channel = peer.createDataChannel("rtvi", { ordered: true }));
    const listening = { signal };
    this.open = new Promise((resolve, reject) => {
      this._fail = reject;
      channel.addEventListener("open", () => resolve(), listening);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    this.passes = new Promise((resolve) => {
      peer.addEventListener("iceconnectionstatechange", () => {
        if (["connected", "completed"].includes(peer.iceConnectionState)) resolve();
      }, listening);
    });
    this.open.catch(() => undefined); // whoever waits for it hears of it
    peer.addEventListener("icecandidate", ({ candidate }) => candidate && this._add(candidate), listening);
    peer.addEventListener("connectionstatechange", () => {
      if (["failed", "closed"].includes(peer.connectionState)) this._lose(LOST);
    }, listening);
    channel.addEventListener("message", ({ data }) => this._take(data), listening);
    channel.addEventListener("close", () => this._lose(LOST), listening);
    signal.addEventListener("abort", () => this._peer.close(), { once: true });
    const timer = setInterval(() => void this._look(), LOOK_MS);
    signal.addEventListener("abort", () => clearInterval(timer), { once: true });
    void this._offer(may).catch((error) => this._lose(LOST, error));
  }

  /** The character's voice. */
  get voice() {
    return new MediaStream([this._peer.getReceivers()[0].track]);
  }

  /** @param message dropped where nobody can take it any more */
  send(message: object) {
    if (this._channel.readyState === "open") this._channel.send(JSON.stringify(message));
  }

  private async _offer(may: () => Promise<unknown>) {
    await this._peer.setLocalDescription(await this._peer.createOffer());
    const offer = { sdp: this._peer.localDescription?.sdp, type: "offer", pc_id: null, restart_pc: false };
    const answer = await this._ask("POST", { ...offer, requestData: { token: this._way.token } });
    this._id = answer.pc_id;
    void this._tellCandidates();
    await may();
    this._signal.throwIfAborted();
    await this._peer.setRemoteDescription({ type: "answer", sdp: answer.sdp });
  }

  private async _ask(method: string, body: object) {
    const response = await fetch(this._way.endpoint, {
      method,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.any([this._signal, AbortSignal.timeout(ATTEMPT_MS)]),
    });
    if (!response.ok) throw new Error(`the offer was answered with ${response.status}`);
    return response.json();
  }

  /** The server learns most of our addresses by what comes from there: those of relays it has to be told. */
  private _add(candidate: RTCIceCandidate) {
    if (candidate.type === "host" || !candidate.candidate) return;
    this._waiting.push(candidate);
    void this._tellCandidates();
  }

  private async _tellCandidates() {
    if (!this._id || !this._waiting.length) return;
    const candidates = this._waiting.splice(0).map(({ candidate, sdpMid, sdpMLineIndex }) => ({
      candidate, sdp_mid: sdpMid, sdp_mline_index: sdpMLineIndex,
    }));
    await this._ask("PATCH", { pc_id: this._id, candidates }).catch(() => undefined); // others may do
  }

  private _take(data: unknown) {
    if (typeof data !== "string") return;
    this._told.onReceived();
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    if (message?.type === "server-message" && message.data?.type === "closed") {
      return this._lose({ code: message.data.code, reason: message.data.reason });
    }
    this._told.onMessage(message);
  }

  private _lose(closed: Closed, error: unknown = new Error(`closed with ${closed.code}`)) {
    if (this._over || this._signal.aborted) return;
    this._over = true;
    this._fail(error);
    this._told.onClosed(closed);
  }

  /** Packets of sound are signs of life, and tell how the line does. */
  private async _look() {
    if (this._peer.connectionState !== "connected") return;
    let roundTripMs = 0;
    for (const one of (await this._peer.getStats()).values()) {
      if (one.type === "candidate-pair" && one.nominated) roundTripMs = 1000 * (one.currentRoundTripTime ?? 0);
      if (one.type !== "inbound-rtp" || one.kind !== "audio") continue;
      const { packetsReceived = 0, packetsLost = 0, concealedSamples = 0, silentConcealedSamples = 0 } = one;
      if (packetsReceived > this._packets && !this._signal.aborted) this._told.onReceived();
      this._packets = packetsReceived;
      const loss = Math.max(0, packetsLost) / Math.max(1, packetsReceived + packetsLost);
      this.figures = { ...this.figures, loss, concealedSecs: (concealedSamples - silentConcealedSamples) / 48_000 };
    }
    this.figures = { ...this.figures, roundTripMs };
  }
}
