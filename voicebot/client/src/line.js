// The line to the server, across as many connections as it takes: made, lost, mended, closed.

import { LogLevel, PipecatClient } from "@pipecat-ai/client-js";
import { WebSocketTransport } from "@pipecat-ai/websocket-transport";

import { backoffSecs, closeCode, meaningOf } from "./closing.js";
import { gettext } from "./i18n.js";
import { RECORDER_RATE_HZ } from "./media.js";
import { StartError, start } from "./way-in.js";
import { OrderedSerializer } from "./wire.js";

const MAX_TRIES = 8;
const CONNECT_SECS = 20;
const END_SECS = 3; // for the server to answer that the conversation is over

/**
 * @typedef {object} LineOwner who is told what happens on the line
 * @property {boolean} hearing whether the microphone is open
 * @property {object | undefined} metadata what a new session begins with
 * @property {import("@pipecat-ai/client-js").RTVIEventCallbacks} callbacks what the present connection brings
 * @property {() => void} onConnected
 * @property {() => void} onInterrupted the server says that the voice stops here
 * @property {() => void} onLost
 * @property {(state: import("./call.js").CallState, problem?: string) => void} onState
 */

export class Line {
  /**
   * @param {{startUrl: string, character: string, session: string, draft: boolean}} options
   * @param {import("./media.js").StageMedia} media
   * @param {LineOwner} owner
   */
  constructor(options, media, owner) {
    this._options = options;
    this._media = media;
    this._owner = owner;
    this.session = options.session;
    this.token = ""; // of the session, for visitors whose browser keeps no cookie here
    this.draining = false; // the server is about to close, and another will go on
    this.retryAt = 0;
    /** @type {PipecatClient | null} */
    this.client = null;
    this._tries = 0;
    this._leaving = false;
    /** @type {(value?: unknown) => void} */
    this._onLeft = () => undefined; // somebody waits for the line to be closed
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this._retry = undefined;
  }

  /** Whether messages can be sent. */
  get ready() {
    return this.client?.state === "ready";
  }

  renew() {
    this._leaving = false;
    this._tries = 0;
    this.draining = false;
  }

  async connect() {
    const client = this._makeClient();
    this.client = client;
    try {
      const way = await this._start();
      await within(client.connect(way), CONNECT_SECS);
      this._tries = 0;
      this._owner.onConnected();
    } catch (error) {
      if (this.client !== client || this._leaving) return;
      this.client = null;
      await client.disconnect().catch(() => undefined);
      this._onStartFailed(error);
    }
  }

  async _start() {
    const { startUrl, character, draft } = this._options;
    const { metadata } = this._owner;
    const body = this.session
      ? { session: this.session }
      : { character, ...(draft && { draft }), ...(metadata && { metadata }) };
    const way = await start(startUrl, body, this.token);
    this.token = way.token;
    return way;
  }

  _makeClient() {
    // A message that was still being read when its connection went must not speak for the next one.
    const current = () => this.client === client;
    const callbacks = Object.entries(this._owner.callbacks).map(([name, callback]) => [
      name,
      (/** @type {any[]} */ ...values) => current() && /** @type {any} */ (callback)(...values),
    ]);
    /** @type {PipecatClient} */
    const client = new PipecatClient({
      transport: new WebSocketTransport({
        mediaManager: /** @type {any} */ (this._media),
        serializer: new OrderedSerializer(() => current() && this._owner.onInterrupted()),
        recorderSampleRate: RECORDER_RATE_HZ,
      }),
      enableMic: this._owner.hearing,
      callbacks: {
        ...Object.fromEntries(callbacks),
        onError: (message) => {
          const data = /** @type {{fatal?: boolean, message?: string}} */ (message.data);
          if (data?.fatal) this._onClosed(client, closeCode(data));
        },
      },
    });
    client.setLogLevel(LogLevel.WARN); // below it, the console would hold the conversation
    return client;
  }

  /** Ends the session for good; it is over for the visitor whether the server answers or not. */
  async end() {
    this._leaving = true;
    clearTimeout(this._retry);
    if (!this.client || !this.ready) return;
    // The server may close before it answers, and the client then never settles the request.
    const closed = new Promise((resolve) => (this._onLeft = resolve));
    const answered = this.client.sendClientRequest("session.end", {}, END_SECS * 1000);
    await within(Promise.race([answered, closed]), END_SECS).catch(() => undefined);
  }

  async hangUp() {
    const client = this.client;
    this.client = null;
    this._owner.onLost();
    await client?.disconnect().catch(() => undefined);
  }

  /**
   * @param {PipecatClient} client
   * @param {number} code
   */
  _onClosed(client, code) {
    if (this.client !== client) return;
    this._onLeft();
    if (this._leaving) return;
    this.client = null;
    this._owner.onLost();
    const meaning = meaningOf(code);
    // A server that is leaving says so before: another one goes on.
    if (meaning === "retry" || meaning === "renew" || (meaning === "full" && this.draining)) this._tryAgain();
    else this._owner.onState(meaning);
  }

  /** @param {unknown} error */
  _onStartFailed(error) {
    if (!(error instanceof StartError)) this._tryAgain();
    else if (error.status === 503 && (this.draining || this._tries)) this._tryAgain(error.message);
    else if (error.status === 503) this._owner.onState("full", error.message);
    else if (error.status === 429) this._owner.onState("limit", error.message);
    else if ([403, 404, 409].includes(error.status)) this._owner.onState("over", error.message);
    else this._owner.onState("failed", error.message);
  }

  /** @param {string} [problem] */
  _tryAgain(problem) {
    if (this._tries >= MAX_TRIES) {
      this._owner.onState("failed", gettext("The connection could not be mended."));
      return;
    }
    const secs = backoffSecs(this._tries++);
    this.retryAt = Date.now() + secs * 1000;
    this._owner.onState("gone", problem);
    this._retry = setTimeout(() => void this.connect(), secs * 1000);
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
