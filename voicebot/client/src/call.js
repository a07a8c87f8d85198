// One conversation, across as many connections as it takes. Emits `change` with what the page shows.

import { PipecatClient } from "@pipecat-ai/client-js";
import { WebSocketTransport } from "@pipecat-ai/websocket-transport";

import { backoffSecs, closeCode, meaningOf } from "./closing.js";
import { RECORDER_RATE_HZ, StageMedia } from "./media.js";
import { Player } from "./player.js";
import { Transcript } from "./transcript.js";
import { OrderedSerializer } from "./wire.js";

/**
 * @typedef {"waiting" | "connecting" | "listening" | "thinking" | "speaking" | "gone" | "idle" |
 *   "replaced" | "over" | "limit" | "full" | "ended" | "failed"} CallState
 */

const MAX_TRIES = 8;
const CONNECT_SECS = 20;

export class StartError extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} message
   */
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export class Call extends EventTarget {
  /** @param {{startUrl: string, workletUrl: string, character: string, session: string, draft: boolean}} options */
  constructor(options) {
    super();
    this._options = options;
    this.session = options.session;
    /** @type {{name: string, portrait: string, version: number} | null} */
    this.character = null; // as the server says that it is now, null until it has said so
    this.transcript = new Transcript();
    /** @type {CallState} */
    this.state = "waiting";
    this.muted = false;
    this.microphone = true; // whether there is one that may be used
    this.problem = "";
    this.retryAt = 0;
    this.closesAt = 0; // when the line is closed if nobody speaks, 0 while nothing is planned
    this.levels = { visitor: 0, character: 0 };
    this.sound = { heard: 0, gaps: 0, bufferedSecs: 0, playing: false };
    /** @type {PipecatClient | null} */
    this._client = null;
    this._tries = 0;
    this._botSpeaking = false;
    this._leaving = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this._retry = undefined;
    this.player = new Player(options.workletUrl, (report) => this._onSound(report));
  }

  // --- what the visitor does ---

  /** Begins, or goes on with, the conversation. Needs a click before it. */
  async begin() {
    this._leaving = false;
    this._tries = 0;
    this.problem = "";
    this._become("connecting");
    await this.player.open();
    this.microphone = await microphoneAllowed();
    await this._connect();
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.muted = muted;
    this._client?.enableMic(!muted && this.microphone);
    this.levels.visitor = 0;
    this._changed();
  }

  /**
   * Says something in writing; the character stops and answers it.
   * @param {string} text
   */
  async say(text) {
    const words = text.trim();
    if (!words || !this._client) return;
    this._silence();
    this.transcript.heard(words, true);
    this._become("thinking");
    await this._client.sendText(words, { run_immediately: true, audio_response: true });
  }

  /** Ends the conversation for good. */
  async end() {
    this._leaving = true;
    clearTimeout(this._retry);
    try {
      if (this._client?.state === "ready") await this._client.sendClientRequest("session.end", {}, 3000);
    } catch {
      // The server may close before it answers; either way the conversation is over.
    }
    await this._hangUp();
    this._become("ended");
  }

  // --- connections ---

  async _connect() {
    const client = this._makeClient();
    this._client = client;
    try {
      const way = await this._start();
      await within(client.connect(way), CONNECT_SECS);
      this._tries = 0;
      if (this.muted) client.enableMic(false);
    } catch (error) {
      if (this._client !== client || this._leaving) return;
      this._client = null;
      await client.disconnect().catch(() => undefined);
      this._onStartFailed(error);
    }
  }

  /** @returns {Promise<{wsUrl: string, token: string}>} */
  async _start() {
    const { character, draft } = this._options;
    const body = this.session ? { session: this.session } : { character, ...(draft && { draft }) };
    const response = await fetch(this._options.startUrl, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ transport: "websocket", body }),
    });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) {
      const { code = "unknown", message = "The server did not answer as expected." } = answer.error ?? {};
      throw new StartError(response.status, code, message);
    }
    return answer;
  }

  _makeClient() {
    const media = new StageMedia(this.player, (level) => {
      this.levels.visitor = this.muted ? 0 : level;
    });
    const transport = new WebSocketTransport({
      mediaManager: media,
      serializer: new OrderedSerializer(() => this._client === client && this._silence()),
      recorderSampleRate: RECORDER_RATE_HZ,
    });
    // A message that was still being read when its connection went must not speak for the next one.
    const current = () => this._client === client;
    /** @type {PipecatClient} */
    const client = new PipecatClient({
      transport,
      enableMic: this.microphone && !this.muted,
      callbacks: {
        onBotReady: () => current() && this._become("listening"),
        onServerMessage: (message) => current() && this._onServerMessage(message),
        onUserStartedSpeaking: () => {
          if (!current()) return;
          this._silence();
          this._become("listening");
        },
        onUserStoppedSpeaking: () => current() && this._become("thinking"),
        onUserTranscript: ({ text, final }) => {
          this.transcript.heard(text, final ?? false);
          this._changed();
        },
        onBotOutput: (output) => {
          if (output.will_be_spoken === false || !current()) return;
          this.transcript.said(output);
          this._changed();
        },
        onBotStartedSpeaking: () => {
          if (!current()) return;
          this._botSpeaking = true;
          this._become("speaking");
        },
        onBotStoppedSpeaking: () => {
          if (current()) this._botSpeaking = false;
        },
        onError: (message) => {
          const data = /** @type {{fatal?: boolean, message?: string}} */ (message.data);
          if (data?.fatal) this._onClosed(client, closeCode(data));
        },
      },
    });
    return client;
  }

  /**
   * @param {PipecatClient} client
   * @param {number} code
   */
  _onClosed(client, code) {
    if (this._client !== client || this._leaving) return;
    this._client = null;
    this._silence();
    const meaning = meaningOf(code);
    if (meaning === "retry" || meaning === "renew") this._tryAgain();
    else this._become(meaning);
  }

  /** @param {unknown} error */
  _onStartFailed(error) {
    if (!(error instanceof StartError)) {
      this._tryAgain();
      return;
    }
    this.problem = error.message;
    if (error.status === 503) this._become("full");
    else if (error.status === 429) this._become("limit");
    else if (error.status === 404 || error.status === 409 || error.status === 403) this._become("over");
    else this._become("failed");
  }

  _tryAgain() {
    if (this._tries >= MAX_TRIES) {
      this.problem = "The connection could not be mended.";
      this._become("failed");
      return;
    }
    const secs = backoffSecs(this._tries++);
    this.retryAt = Date.now() + secs * 1000;
    this._become("gone");
    this._retry = setTimeout(() => void this._connect(), secs * 1000);
  }

  async _hangUp() {
    const client = this._client;
    this._client = null;
    this._silence();
    await client?.disconnect().catch(() => undefined);
  }

  // --- what happens ---

  /** @param {any} message */
  _onServerMessage(message) {
    if (message?.type === "session") this.session = message.id;
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

/** Asks for the microphone; false if it is refused or missing. */
async function microphoneAllowed() {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    for (const track of stream.getTracks()) track.stop();
    return true;
  } catch {
    return false;
  }
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {number} secs
 * @returns {Promise<T>}
 */
async function within(promise, secs) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("late")), secs * 1000);
  });
  try {
    return await Promise.race([promise, /** @type {Promise<never>} */ (late)]);
  } finally {
    clearTimeout(timer);
  }
}
