// One conversation, across as many connections as it takes. Emits `change` with what the page shows.

import type { RTVIEventCallbacks } from "@pipecat-ai/client-js";

import { abortable, within } from "./abort.ts";
import { Connection, type ConnectionOptions, type ConnectionOwner } from "./connection.ts";
import type { Latency } from "./latency.ts";
import { StageMedia } from "./media.ts";
import { MicrophoneState } from "./microphone-state.ts";
import { Player, type PlayerReport } from "./player.ts";
import { Mouth } from "./mouth.ts";
import type { Levels } from "./ring.ts";
import type { Character, ServerMessage } from "./server-messages.ts";
import { metadataOf, type Settings } from "./settings.ts";
import { isLive, isReturning, transition, type CallState, type StateName } from "./states.ts";
import { Transcript, type Cause, type Spoken } from "./transcript.ts";
import { noteMessage } from "./transcript-notes.ts";
import { keepAwake } from "./wake-lock.ts";

const LOAD_SECS = 20; // for the voice's worklet
const LATENCIES = 20;
const LISTENING: CallState = { name: "listening", closesAt: 0 };

export interface CallOptions extends ConnectionOptions {
  readonly workletUrl: string;
  readonly recorderUrl: string;
}

export class Call extends EventTarget implements ConnectionOwner {
  settings: Settings;
  character: Character | null = null; // null until the server has said so
  latencies: readonly Latency[] = []; // of the last replies, the newest last
  begunAt = 0;
  stalled = false; // nothing comes of the server just now
  sound: PlayerReport = { level: 0, heard: 0, gaps: 0, gapSecs: 0, bufferedSecs: 0, positionSecs: 0, playing: false };
  readonly levels: Levels = { visitor: 0, character: 0 };
  readonly mouth = new Mouth();
  readonly microphone = new MicrophoneState();
  readonly transcript = new Transcript();
  readonly player: Player;
  readonly media: StageMedia;
  line: Connection;
  private _status: CallState = { name: "waiting" };
  private _stay: AbortController | null = null; // from `begin` until the visitor leaves: aborted, nothing of it goes on
  private _ending: Promise<unknown> = Promise.resolve(); // until the last conversation has let go of all it held
  private _botSpeaking = false;
  private _soundAt = 0; // when `sound` was reported, in the page's milliseconds
  private _heard = false; // a word, since the visitor last began to speak

  constructor(options: CallOptions, settings: Settings) {
    super();
    this.settings = settings;
    this.player = new Player(options.workletUrl, (report) => this._onSound(report));
    this.player.volume = settings.volume;
    this.media = new StageMedia(this.player, options.recorderUrl, () => this.settings, (loud) => this._onMicrophone(loud));
    this.line = new Connection(options, this.media, this);
  }

  /** What the call is doing, with all that is known of it. */
  get status() { return this._status; }
  get state(): StateName { return this._status.name; }
  /** Whether a conversation is going on, if only on its way back. */
  get live() { return isLive(this._status); }
  /** Whether the page is on its way back to the server by itself. */
  get returning() { return isReturning(this._status); }
  get muted() { return this.microphone.muted; }
  get thin() { return !this.line.rate.hz && this.line.kind !== "webrtc"; } // the line carries no sound: one reads and writes
  get session() { return this.line.session; }
  get hearing() { return this.microphone.hearing(this.settings); } // whether what is said now is sent

  /** The viseme that is heard now, empty in silence and with voices that tell none. */
  get viseme() {
    const { playing, positionSecs } = this.sound;
    return playing ? this.mouth.at(positionSecs + (performance.now() - this._soundAt) / 1000) : "";
  }

  // --- what the visitor does ---

  /**
   * Makes room for another session, which `begin` begins.
   * @param follows a session whose end the new one is to know, with the `secret` of that one where there is no cookie
   */
  renew(follows = "", secret = "") {
    if (this.live) return;
    this.line = new Connection({ ...this.line.options, session: "", follows }, this.media, this);
    this.line.secret = secret;
    this.transcript.clear(follows ? this.transcript.entries : []);
    [this.latencies, this.begunAt] = [[], 0];
    this._become({ name: "waiting" });
  }

  /** Begins, or goes on with, the conversation, and settles when it is over. Needs a click before it. */
  async begin() {
    if (!this._become({ name: "connecting" })) return;
    const stay = (this._stay = new AbortController());
    this.begunAt ||= Date.now();
    try {
      await abortable(this._ending, stay.signal);
      void keepAwake(stay.signal);
      await within(this.player.open(stay.signal), LOAD_SECS);
      await this.microphone.request(this._ask, stay.signal);
      this._changed();
      await this.line.keep(stay.signal);
    } catch {
      if (!stay.signal.aborted) this._become({ name: "failed", problem: "" });
    } finally {
      stay.abort();
    }
  }

  private readonly _ask = (signal: AbortSignal) => this.media.ask(signal);

  /** Asks once more for the microphone that was refused. */
  async retryMicrophone() {
    const signal = this._stay?.signal;
    if (!signal) return;
    await this.microphone.request(this._ask, signal).catch(() => undefined); // left meanwhile
    if (!signal.aborted) this._listen();
  }

  mute(muted: boolean) {
    this.microphone.muted = muted;
    this._listen();
  }

  /** Push to talk: the key or the button is held, or let go. */
  talk(talking: boolean) {
    if (this.microphone.talking === talking || this.settings.mode !== "push") return;
    this.microphone.talking = talking;
    if (talking && this.state === "speaking") this.interrupt();
    this._listen();
  }

  private _listen() {
    void this.media.enableMic(this.hearing);
    this.levels.visitor = 0;
    this.microphone.restart();
    this._changed();
  }

  /** The character falls silent, and waits for what the visitor has to say. */
  interrupt() {
    if (this.state !== "speaking") return;
    this._cutIn();
    this._become(LISTENING);
    this.line.ask("character.interrupt");
  }

  /** Takes the visitor's other wishes, at once where it can. */
  async adjust(settings: Settings) {
    const before = this.settings;
    this.settings = settings;
    this.player.volume = settings.volume;
    if (settings.speaker !== before.speaker) await this.player.to(settings.speaker);
    const ears = ["microphone", "noise", "echo"] as const;
    if (ears.some((name) => settings[name] !== before[name])) await this.media.reopen();
    if (settings.mode !== before.mode) {
      this.microphone.talking = false;
      this._listen();
    }
    if (settings.speed !== before.speed) this.line.ask("session.metadata", { voiceSpeed: null, ...this.metadata });
    this._changed();
  }

  /** Says something in writing; the character stops and answers it. False where nobody is there to hear it. */
  say(text: string) {
    const words = text.trim();
    if (!words || !this.line.ready) return false;
    if (this.state === "speaking") this._cutIn();
    this.transcript.wrote(words);
    this._become({ name: "thinking" });
    void this.line.client?.sendText(words, { run_immediately: true, audio_response: true });
    return true;
  }

  /** Ends the conversation for good, at any time: what is under way is given up, and nothing comes after it. */
  async end() {
    if (!this._become({ name: "ended" })) return;
    const ended = (this._ending = this.line.end()); // by the socket, which outlives the stay for as long as that takes
    this._stay?.abort();
    this._fallSilent();
    await ended;
  }

  /** The page is being left. A conversation may be gone on with later; what has not begun leaves nothing. */
  leavePage() {
    if (!this.line.leavePage()) return;
    this._stay?.abort();
    this._become({ name: "waiting" }); // if the browser shows the page once more
  }

  // --- what the connection tells ---

  get metadata() { return metadataOf(this.settings); }

  get callbacks(): RTVIEventCallbacks {
    return {
      onBotReady: () => this._become(LISTENING),
      onServerMessage: (message: ServerMessage) => this._onServerMessage(message),
      onUserStartedSpeaking: () => {
        this._heard = false;
        this._fallSilent();
        this._become(LISTENING);
      },
      // A turn without words was a cough: nobody thinks about it.
      onUserStoppedSpeaking: () => this._become(this._heard ? { name: "thinking" } : LISTENING),
      onUserTranscript: ({ text, final }) => {
        this._heard = true;
        this.transcript.heard(text, final ?? false);
        this._changed();
      },
      onBotOutput: (output) => {
        if (output.will_be_spoken === false) return;
        this.transcript.said(output as Spoken);
        this._changed();
      },
      onBotStartedSpeaking: () => {
        this._botSpeaking = this.transcript.speaking = true;
        this._become({ name: "speaking" });
      },
      onBotStoppedSpeaking: () => {
        this._botSpeaking = this.transcript.speaking = false;
        if (this.player.suspended && this.state === "speaking") this._become(LISTENING); // no report will say so
      },
    };
  }

  onConnected() { this._listen(); }

  onInterrupted() {
    this.media.hearAgain();
    this._fallSilent();
  }

  onStalled(stalled: boolean) {
    this.stalled = stalled;
    this._changed();
  }

  onLost() {
    this.onStalled(false);
    this._fallSilent("lost");
  }

  onRate = () => this._changed();
  onState = (state: CallState) => void this._become(state);

  private _onServerMessage(message: ServerMessage) {
    if (message.type === "visemes") return this.mouth.note(message.visemes, this.player.takenSecs);
    noteMessage(this.transcript, message, this.character);
    if ("character" in message) this.character = message.character;
    switch (message.type) {
      case "session":
        this.line.session = message.id;
        this.line.draining = false;
        break;
      case "latency":
        this.latencies = [...this.latencies, message].slice(-LATENCIES);
        break;
      case "voice-held":
        if (message.held) this._stopVoice();
        break;
      case "draining":
        this.line.draining = true;
        break;
      case "expiring":
        if (this.state === "listening") this._become({ name: "listening", closesAt: Date.now() + message.inSecs * 1000 });
    }
    this._changed();
    this.dispatchEvent(new CustomEvent("message", { detail: message }));
  }

  private _onMicrophone(loud: number) {
    this.levels.visitor = this.hearing ? loud : 0;
    if (this.microphone.take(loud, this.hearing)) this._changed();
  }

  /** Falls silent here first: what is still on its way is not played until the server has heard of it. */
  private _cutIn() {
    this._fallSilent();
    this.media.deafen();
  }

  /** The voice stops at once, here as on the server. */
  private _fallSilent(cause: Cause = "spoke") {
    this._stopVoice();
    this._botSpeaking = this.transcript.speaking = false;
    this.transcript.cutOff(cause);
    this._changed();
  }

  private _stopVoice() {
    this.player.flush();
    this.mouth.close();
  }

  private _onSound(report: PlayerReport) {
    this.levels.character = report.playing ? report.level : 0;
    this.media.guard.played(this.levels.character, performance.now() / 1000);
    [this.sound, this._soundAt] = [report, performance.now()];
    // The server is done a moment before the last word has left the loudspeaker.
    if (this.state === "speaking" && !this._botSpeaking && !report.playing && !report.bufferedSecs) {
      this._become(LISTENING);
    }
  }

  /** False, and nothing changes, where that state may not follow: what comes late overwrites nothing. */
  private _become(state: CallState) {
    if (transition(this._status, state) !== state) return false;
    this._status = state;
    this._changed();
    return true;
  }

  private _changed() { this.dispatchEvent(new Event("change")); }
}
