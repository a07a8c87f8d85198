// The media of a call: the page's microphone and loudspeaker, as Pipecat's transport wants them.
//
// The official WavMediaManager takes any microphone as it comes, loads its recorder from a blob: address, which
// a strict Content-Security-Policy refuses, loses the sound after one interruption and stops at every gap.

import type { Participant, PipecatClientOptions, RTVIEventCallbacks, Tracks } from "@pipecat-ai/client-js";

import { childOf } from "./abort.ts";
import { EchoGuard } from "./echo.ts";
import { Microphone, type Hearing } from "./microphone.ts";
import type { Player } from "./player.ts";

const CUT_IN_MS = 1000; // for the server to hear of it
const LOUD = 0.02; // a level that may be somebody who speaks
const SELF: Participant = { id: "local", name: "", local: true };

/** A media manager of Pipecat's WebSocketTransport; owns the microphone. */
export class StageMedia {
  readonly guard = new EchoGuard();
  private readonly _player: Player;
  private readonly _wishes: () => Hearing;
  private readonly _onMicrophone: (level: number) => void;
  private readonly _microphone: Microphone;
  private _enabled = true;
  private _held = false; // no sound goes either way
  private _deaf = false; // to the character's voice, from an interruption until the server knows of it
  private _hearsAgain: ReturnType<typeof setTimeout> | undefined;
  private _connection: AbortController | null = null;
  private _sender: RTCRtpSender | null = null; // of a call, which takes the microphone as it is
  private _sent: MediaStreamTrack | null = null; // what it takes: a track of its own, silent where the guard says so
  private _callbacks: RTVIEventCallbacks = {};
  private _loudAt = -Infinity; // when the visitor was last heard, in the page's milliseconds
  private _hears: (data: ArrayBuffer) => void = () => undefined;

  /**
   * @param wishes read whenever the microphone is opened
   * @param onMicrophone called with the level of each chunk, 0 to 1
   */
  constructor(player: Player, recorderUrl: string, wishes: () => Hearing, onMicrophone: (level: number) => void) {
    this._player = player;
    this._wishes = wishes;
    this._onMicrophone = onMicrophone;
    this._microphone = new Microphone(recorderUrl, (pcm) => this._take(pcm));
  }

  private _take(pcm: ArrayBuffer) {
    if (!this._enabled) return;
    const loud = level(new Int16Array(pcm));
    this._onMicrophone(loud);
    if (loud > LOUD) this._loudAt = performance.now();
    const own = this._wishes().echo && !this.guard.lets(loud, performance.now() / 1000);
    if (this._sent) this._sent.enabled = !own;
    this._hears(own ? new ArrayBuffer(pcm.byteLength) : pcm);
  }

  /** Opens the microphone as it is wished for now; the newest wish is the one that holds. */
  private async _open() {
    const connection = this._connection;
    if (!connection || this._held) return;
    try {
      await this._microphone.open(this._wishes(), connection.signal);
    } catch {
      return; // refused or gone: the page says so, and the visitor may type
    }
    const { track } = this._microphone;
    if (!track || connection !== this._connection) return;
    track.enabled = this._enabled;
    this._send();
    this._callbacks.onTrackStarted?.(track, SELF);
  }

  /** A call carries what is said, and brings the voice; null for a line that is given both piece by piece. */
  carry(call: { readonly sender: RTCRtpSender; readonly voice: MediaStream } | null) {
    this._sender = call?.sender ?? null;
    this._player.flush();
    this._player.listen(call?.voice ?? null);
    this._send();
  }

  /** Gives the call the microphone that is open now, or none. */
  private _send() {
    this._sent?.stop();
    const { track } = this._microphone;
    this._sent = (this._sender && track?.readyState === "live" && track.clone()) || null;
    if (this._sent) this._sent.enabled = this._enabled;
    void this._sender?.replaceTrack(this._sent).catch(() => undefined); // a call that is over
  }

  /** Asks for the microphone, which opens when a connection is there. Throws what `Microphone.ask` throws. */
  ask(signal: AbortSignal) {
    return this._microphone.ask(this._wishes(), signal);
  }

  /** Opens the microphone anew, for other wishes, where it is open or about to be. */
  async reopen() {
    const { track, opening } = this._microphone;
    if (track || opening) await this._open();
  }

  /** For how long the visitor has said nothing. */
  get quietSecs() {
    return (performance.now() - this._loudAt) / 1000;
  }

  /** Lets the microphone go and plays nothing, until the conversation goes on. */
  hold(held: boolean) {
    this._held = held;
    if (held) this._closeMicrophone();
  }

  /** What is still on its way is not played, until the server has heard that the visitor spoke. */
  deafen() {
    this._deaf = true;
    clearTimeout(this._hearsAgain);
    this._hearsAgain = setTimeout(() => this.hearAgain(), CUT_IN_MS);
  }

  hearAgain() {
    this._deaf = false;
  }

  // --- what the transport calls ---

  setUserAudioCallback(callback: (data: ArrayBuffer) => void) {
    this._hears = callback;
  }

  setClientOptions(options: PipecatClientOptions) {
    this._callbacks = options.callbacks ?? {};
    this._enabled = options.enableMic ?? true;
  }

  async initialize() {
    // The call has opened the player: browsers want a click before it.
  }

  /** A connection is there, until `disconnect` or its signal is aborted: the microphone opens when it is to be heard. */
  connect(connection?: AbortSignal) {
    this._connection = childOf(connection);
    if (this._enabled) void this._open();
    else this._microphone.letGo();
  }

  disconnect() {
    this._connection?.abort();
    this._connection = null;
    this._sender = null;
    this._player.flush();
    this._player.listen(null);
    this._closeMicrophone();
  }

  private _closeMicrophone() {
    this._microphone.close();
    this._send();
  }

  async enableMic(enable: boolean) {
    this._enabled = enable;
    if (!enable) this._microphone.letGo();
    const { track, opening } = this._microphone;
    if (this._sent) this._sent.enabled = enable;
    if (track) track.enabled = enable;
    else if (enable && !opening) await this._open();
  }

  async userStartedSpeaking() {
    this._player.flush();
  }

  /** How much of the voice is kept ahead of the loudspeaker. */
  set cushionSecs(secs: number) {
    this._player.cushionSecs = secs;
  }

  bufferBotAudio(data: ArrayBuffer | Int16Array, rateHz?: number) {
    const pcm = data instanceof Int16Array ? data : new Int16Array(data);
    if (!this._deaf && !this._held) this._player.play(pcm, rateHz);
    return pcm;
  }

  tracks(): Tracks {
    const { track } = this._microphone;
    return { local: track ? { audio: track } : {} };
  }

  private async _devices(kind: MediaDeviceKind) {
    return ((await navigator.mediaDevices?.enumerateDevices()) ?? []).filter((device) => device.kind === kind);
  }

  getAllMics() {
    return this._devices("audioinput");
  }

  getAllSpeakers() {
    return this._devices("audiooutput");
  }

  async getAllCams(): Promise<MediaDeviceInfo[]> {
    return [];
  }

  updateMic() {
    void this.reopen();
  }

  updateSpeaker(id: string) {
    void this._player.to(id);
  }

  updateCam() {}
  enableCam() {}
  enableScreenShare() {}

  get isMicEnabled() {
    return this._enabled;
  }

  readonly selectedMic = {};
  readonly selectedCam = {};
  readonly selectedSpeaker = {};
  readonly isCamEnabled = false;
  readonly isSharingScreen = false;
  readonly supportsScreenShare = false;
}

/** Root mean square of int16 samples, 0 to 1. */
export function level(samples: Int16Array) {
  let energy = 0;
  for (const sample of samples) energy += sample * sample;
  return samples.length ? Math.sqrt(energy / samples.length) / 0x8000 : 0;
}
