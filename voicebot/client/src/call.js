// One conversation, across as many connections as it takes. Emits `change` with what the page shows.

import { Line } from "./line.js";
import { openMicrophone, StageMedia } from "./media.js";
import { Player } from "./player.js";
import { Transcript } from "./transcript.js";

/**
 * @typedef {"waiting" | "connecting" | "listening" | "thinking" | "speaking" | "gone" | "idle" |
 *   "replaced" | "over" | "limit" | "full" | "ended" | "failed"} CallState
 * @typedef {{totalMs: number, endOfTurnMs: number, sttMs: number, llmMs: number, ttsMs: number, outMs: number}} Latency
 */

const LIVE = new Set(["connecting", "listening", "thinking", "speaking", "gone"]);
const SILENT_SECS = 6; // of nothing at all from a microphone that is open
const LATENCIES = 20;
const CUT_IN_MS = 1000; // for the server to hear of it

export class Call extends EventTarget {
  /**
   * @param {{startUrl: string, workletUrl: string, recorderUrl: string, character: string, session: string,
   *   draft: boolean}} options
   * @param {import("./settings.js").Settings} settings
   */
  constructor(options, settings) {
    super();
    this._character = options.character;
    this.settings = settings;
    /** @type {{name: string, portrait: string, version: number} | null} */
    this.character = null; // as the server says that it is now, null until it has said so
    this.transcript = new Transcript();
    /** @type {CallState} */
    this.state = "waiting";
    this.muted = false;
    this.talking = false; // the key is held, where one pushes to talk
    this.microphone = true; // whether there is one that may be used
    this.refusal = ""; // why there is none: NotAllowedError, NotFoundError, ...
    this.silent = false; // the microphone is open, and nothing comes of it
    this._soundAt = 0; // when something last came of the microphone
    /** @type {Latency[]} */
    this.latencies = []; // of the last replies, the newest last
    this.begunAt = 0;
    this.problem = "";
    this.closesAt = 0; // when the line is closed if nobody speaks, 0 while nothing is planned
    this.levels = { visitor: 0, character: 0 };
    this.sound = { heard: 0, gaps: 0, bufferedSecs: 0, playing: false };
    this._botSpeaking = false;
    this._heard = false; // a word, since the visitor last began to speak
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this._hears = undefined;
    this.player = new Player(options.workletUrl, (report) => this._onSound(report));
    this.player.volume = settings.volume;
    this.media = new StageMedia(this.player, options.recorderUrl, () => this.settings, (loud) => this._onMicrophone(loud));
    this.line = new Line(options, this.media, this);
  }

  /** Whether a conversation is going on, if only on its way back. */
  get live() {
    return LIVE.has(this.state);
  }

  get session() {
    return this.line.session;
  }

  get token() {
    return this.line.token;
  }

  /**
   * The conversation as this page knows it, in the shape in which the server gives it away.
   * @returns {import("./downloads.js").Kept}
   */
  get kept() {
    const turns = this.transcript.turns.map((turn) => ({
      role: turn.who === "visitor" ? "user" : "assistant",
      text: turn.text,
      interrupted: turn.cut,
      at: new Date(turn.at).toISOString(),
    }));
    return { id: this.session, character: this._character, createdAt: new Date(this.begunAt).toISOString(), turns };
  }

  /** Whether what is said now is sent. */
  get hearing() {
    return this.microphone && !this.muted && (this.settings.mode === "open" || this.talking);
  }

  // --- what the visitor does ---

  /** Begins, or goes on with, the conversation. Needs a click before it. */
  async begin() {
    this.line.renew();
    this.problem = "";
    this.begunAt ||= Date.now();
    this._become("connecting");
    await this.player.open();
    await this._askForMicrophone();
    await this.line.connect();
  }

  /** Asks once more for the microphone that was refused. */
  async retryMicrophone() {
    await this._askForMicrophone();
    this._listen();
  }

  async _askForMicrophone() {
    try {
      for (const track of (await openMicrophone(this.settings)).getTracks()) track.stop();
      this.microphone = true;
      this.refusal = "";
    } catch (error) {
      this.microphone = false;
      this.refusal = error instanceof Error ? error.name : "";
    }
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.muted = muted;
    this._listen();
  }

  /**
   * Push to talk: the key or the button is held, or let go.
   * @param {boolean} talking
   */
  talk(talking) {
    if (this.talking === talking || this.settings.mode !== "push") return;
    this.talking = talking;
    if (talking && this.state === "speaking") this.interrupt();
    this._listen();
  }

  _listen() {
    this.line.client?.enableMic(this.hearing);
    this.levels.visitor = 0;
    this._soundAt = performance.now();
    this.silent = false;
    this._changed();
  }

  /** The character falls silent, and waits for what the visitor has to say. */
  interrupt() {
    if (this.state !== "speaking") return;
    this._cutIn();
    this._become("listening");
    void this.line.client?.sendClientRequest("character.interrupt", {}, 3000).catch(() => undefined);
  }

  /**
   * Takes the visitor's other wishes, at once where it can.
   * @param {import("./settings.js").Settings} settings
   */
  async adjust(settings) {
    const before = this.settings;
    this.settings = settings;
    this.player.volume = settings.volume;
    if (settings.speaker !== before.speaker) await this.player.to(settings.speaker);
    const ears = /** @type {const} */ (["microphone", "noise", "echo"]);
    if (ears.some((name) => settings[name] !== before[name])) await this.media.reopen();
    if (settings.mode !== before.mode) {
      this.talking = false;
      this._listen();
    }
    if (settings.speed !== before.speed) this._tellSpeed();
    this._changed();
  }

  _tellSpeed() {
    if (!this.line.ready) return;
    const speed = { voiceSpeed: this.settings.speed === 1 ? null : this.settings.speed };
    void this.line.client?.sendClientRequest("session.metadata", speed, 5000).catch(() => undefined);
  }

  /**
   * Says something in writing; the character stops and answers it.
   * @param {string} text
   */
  async say(text) {
    const words = text.trim();
    if (!words || !this.line.client) return;
    if (this.state === "speaking") this._cutIn();
    this.transcript.heard(words, true);
    this._become("thinking");
    await this.line.client.sendText(words, { run_immediately: true, audio_response: true });
  }

  /** Ends the conversation for good. */
  async end() {
    await this.line.end();
    const gone = this.line.hangUp();
    this._become("ended"); // a socket that both sides close at once may take its time
    await gone;
  }

  // --- what the line tells (its LineOwner) ---

  /** What a new session begins with. */
  get metadata() {
    return this.settings.speed === 1 ? undefined : { voiceSpeed: this.settings.speed };
  }

  /** @returns {import("@pipecat-ai/client-js").RTVIEventCallbacks} */
  get callbacks() {
    return {
      onBotReady: () => this._become("listening"),
      onServerMessage: (message) => this._onServerMessage(message),
      onUserStartedSpeaking: () => {
        this._heard = false;
        this._silence();
        this._become("listening");
      },
      // A turn without words was a cough: nobody thinks about it.
      onUserStoppedSpeaking: () => this._become(this._heard ? "thinking" : "listening"),
      onUserTranscript: ({ text, final }) => {
        this._heard = true;
        this.transcript.heard(text, final ?? false);
        this._changed();
      },
      onBotOutput: (output) => {
        if (output.will_be_spoken === false) return;
        this.transcript.said(output);
        this._changed();
      },
      onBotStartedSpeaking: () => {
        this._botSpeaking = true;
        this._become("speaking");
      },
      onBotStoppedSpeaking: () => {
        this._botSpeaking = false;
      },
    };
  }

  onConnected() {
    this._listen();
  }

  onInterrupted() {
    this.media.deaf = false;
    this._silence();
  }

  onLost() {
    this._silence();
  }

  /**
   * @param {CallState} state
   * @param {string} [problem]
   */
  onState(state, problem) {
    if (problem !== undefined) this.problem = problem;
    this._become(state);
  }

  // --- what happens ---

  /** @param {any} message */
  _onServerMessage(message) {
    if (message?.type === "session") {
      this.line.session = message.id;
      this.line.draining = false;
    }
    if (message?.type === "latency") {
      this.latencies = [...this.latencies, message].slice(-LATENCIES);
      this._changed();
    }
    if (message?.type === "draining") this.line.draining = true;
    if (message?.type === "session" || message?.type === "character-updated") {
      this.character = message.character;
      this._changed();
    }
    if (message?.type === "expiring") {
      this.closesAt = Date.now() + message.inSecs * 1000;
      this._changed();
    }
    this.dispatchEvent(new CustomEvent("message", { detail: message }));
  }

  /** @param {number} loud */
  _onMicrophone(loud) {
    this.levels.visitor = this.hearing ? loud : 0;
    const now = performance.now();
    if (loud > 0) this._soundAt = now;
    const silent = this.hearing && now - this._soundAt > SILENT_SECS * 1000;
    if (silent !== this.silent) {
      this.silent = silent;
      this._changed();
    }
  }

  /** Falls silent here first: what is still on its way is not played until the server has heard of it. */
  _cutIn() {
    this._silence();
    this.media.deaf = true;
    clearTimeout(this._hears);
    this._hears = setTimeout(() => {
      this.media.deaf = false;
    }, CUT_IN_MS);
  }

  /** The voice stops at once, here as on the server. */
  _silence() {
    this.player.flush();
    this._botSpeaking = false;
    this.transcript.cutOff();
    this._changed();
  }

  /** @param {import("./player.js").PlayerReport} report */
  _onSound(report) {
    this.levels.character = report.playing ? report.level : 0;
    this.media.guard.played(this.levels.character, performance.now() / 1000);
    this.sound = report;
    // The server is done a moment before the last word has left the loudspeaker.
    if (this.state === "speaking" && !this._botSpeaking && !report.playing && !report.bufferedSecs) {
      this._become("listening");
    }
  }

  /** @param {CallState} state */
  _become(state) {
    this.state = state;
    this.closesAt = 0;
    this._changed();
  }

  _changed() {
    this.dispatchEvent(new Event("change"));
  }
}
