// The connection to the server, across as many sockets as it takes: made, lost, mended, closed.

import { abortable, childOf, pause, within } from "./abort.ts";
import { callsPossible } from "./call-line.ts";
import { backoffSecs, meaningOf, meaningOfRefusal, SOME_TRIES, stateAfter, type Meaning } from "./closing.ts";
import { gettext } from "./i18n.ts";
import { pageCapacity } from "./line-gauge.ts";
import { LineRate } from "./line-rate.ts";
import type { StageMedia } from "./media.ts";
import type { ClientOwner, RtviClient } from "./rtvi-client.ts";
import type { Closed } from "./socket.ts";
import { end, newAttempt, start, StartError, takeBack } from "./start.ts";
import type { CallState } from "./states.ts";

const START_SECS = 20; // for an answer to it; a database that is away is told within half of that
const ASK_SECS = 5;
const STEADY_SECS = 10; // a socket that lasted so long was a good one: tries count anew

/** The connection closed, or was given up, with this code. */
class ConnectionClosed extends Error {
  readonly code: number;

  constructor({ code, reason }: Closed) {
    super(reason);
    this.code = code;
  }
}

/** Who is told what becomes of the connection. */
export interface ConnectionOwner extends ClientOwner {
  /** What a new session begins with. */
  readonly metadata: object | undefined;
  onConnected(): void;
  onLost(): void;
  onState(state: CallState): void;
}

export interface ConnectionOptions {
  readonly startUrl: string;
  readonly sessionsUrl: string;
  readonly character: string;
  /** To come back to, '' for a new one. */
  readonly session: string;
  readonly draft: boolean;
  /** Whether the server takes calls by WebRTC. */
  readonly calls?: boolean;
  /** Loads Pipecat's client, once: it is large, and nothing that one sees before a call needs it. */
  loadClient(): Promise<typeof import("./rtvi-client.ts")>;
  /** A session whose end a new one is to know. */
  readonly follows?: string;
}

export class Connection {
  session: string;
  secret = ""; // of the session, for visitors whose browser keeps no cookie here
  draining = false; // the server is about to close, and another will go on
  retryAt = 0; // when it is tried again, milliseconds since 1970
  readonly rate = new LineRate(pageCapacity(loaded()));
  readonly options: ConnectionOptions;
  private readonly _media: StageMedia;
  private readonly _owner: ConnectionOwner;
  private _begun: boolean; // the two have talked: there is something to come back to
  private _ended = false;
  private _attempt = ""; // at a new session, whose answer may still be on its way
  private _page = new AbortController(); // aborted when the page is left
  private _wake: () => void = () => undefined; // ends the wait before the next try
  private _present: RtviClient | null = null;

  constructor(options: ConnectionOptions, media: StageMedia, owner: ConnectionOwner) {
    this.options = options;
    this._media = media;
    this._owner = owner;
    this.session = options.session;
    this._begun = Boolean(options.session);
  }

  get client() {
    return this._present?.client ?? null;
  }

  /** By which line the two talk; null while there is none. */
  get kind() {
    return this._present?.kind ?? null;
  }

  /** How a call does; null on a socket. */
  get figures() {
    return this._present?.figures ?? null;
  }

  /** Whether the two have talked: there is something to come back to. */
  get begun() {
    return this._begun;
  }

  /** Whether messages can be sent. */
  get ready() {
    return this._present?.ready ?? false;
  }

  /** Asks the server for something whose answer nobody waits for; does nothing while the line is down. */
  ask(what: string, values: object = {}) {
    if (this.ready) void this.client?.sendClientRequest(what, values, ASK_SECS * 1000).catch(() => undefined);
  }

  /**
   * Keeps the connection up until it is over, whatever that takes; tells the owner how it goes. Throws when the signal
   * is aborted, and then nothing is left of it.
   */
  async keep(signal: AbortSignal) {
    this.draining = false;
    let troubles = 0; // of those that may be for good, one after another
    for (let tries = 0; ; tries++) {
      const readyAt = { secs: Infinity };
      const meaning = await this._connect(signal, readyAt);
      signal.throwIfAborted();
      if (performance.now() / 1000 - readyAt.secs > STEADY_SECS) tries = 0;
      if (meaning.again === "never") return this._owner.onState(stateAfter(meaning));
      troubles = meaning.again === "some" && tries > 0 ? troubles + 1 : 0;
      if (troubles >= SOME_TRIES) {
        const problem = meaning.problem || gettext("The connection could not be mended.");
        return this._owner.onState({ name: "failed", problem });
      }
      const secs = backoffSecs(tries, meaning.retryAfterSecs);
      this.retryAt = Date.now() + secs * 1000;
      this._owner.onState(stateAfter(meaning, this.retryAt));
      await pause(secs, signal, (wake, until) => {
        this._wake = wake;
        whenItMayWork(wake, until);
      });
    }
  }

  /**
   * One socket, until it is lost or refused: what that means.
   * @param readyAt is set when both sides are ready, in seconds that only grow
   */
  private async _connect(signal: AbortSignal, readyAt: { secs: number }): Promise<Meaning> {
    const known = this.session !== "";
    let present: RtviClient | null = null;
    try {
      const loading = this.options.loadClient();
      loading.catch(() => undefined); // who waits for it hears of it
      const way = await this._start(signal);
      const { RtviClient } = await within(abortable(loading, signal), START_SECS);
      signal.throwIfAborted();
      this._present = present = new RtviClient(this._media, this.rate, this._owner, signal);
      const early = await present.open(way);
      if (early) throw new ConnectionClosed(early);
      readyAt.secs = performance.now() / 1000;
      this._begun = true;
      this._owner.onConnected();
      throw new ConnectionClosed(await abortable(present.closed, signal));
    } catch (error) {
      if (signal.aborted) throw error;
      const meaning = this._meaningOf(error);
      // Swept, perhaps, while the server was away: nothing was said in it, so another does as well.
      if (known && !this._begun && meaning.state === "over") {
        this.session = this.secret = "";
        return { state: "gone", again: "some" };
      }
      return meaning;
    } finally {
      if (present && this._present === present) {
        this._present = null;
        if (!signal.aborted) present.hangUp();
        this._owner.onLost();
      }
    }
  }

  private _meaningOf(error: unknown): Meaning {
    const where = { begun: this._begun, draining: this.draining };
    if (error instanceof StartError) return meaningOfRefusal(error, where);
    if (error instanceof ConnectionClosed) return meaningOf(error.code, where);
    return { state: "gone", again: "always" }; // nobody answers
  }

  /**
   * A way in. What is asked of the server already is not taken back when the visitor leaves: then the session that
   * comes of it is ended.
   */
  private async _start(signal: AbortSignal) {
    const { startUrl, character, draft, follows, calls } = this.options;
    const { metadata } = this._owner;
    const body = this.session
      ? { session: this.session }
      : { character, ...(draft && { draft }), ...(follows && { follows }), ...(metadata && { metadata }) };
    const attempt = (this._attempt = this.session ? "" : newAttempt());
    const asking = childOf(this._page.signal);
    const asked = start(startUrl, body, this.secret, attempt, asking.signal, calls && callsPossible()).then((way) => {
      this.session = way.session;
      this.secret = way.secret;
      if (this._ended) this._endWithoutSocket();
      return way;
    });
    const late = setTimeout(() => {
      asking.abort(new Error("late"));
      if (attempt) takeBack(startUrl, attempt);
    }, START_SECS * 1000);
    void asked.catch(() => undefined).finally(() => clearTimeout(late));
    return abortable(asked, signal);
  }

  /** The next try is now, where one is waited for. */
  tryNow() {
    this._wake();
  }

  private _endWithoutSocket() {
    if (this.session) void end(`${this.options.sessionsUrl}/${this.session}`, this.secret);
  }

  /**
   * Ends the session for good; it is over for the visitor whether the server answers or not. To be called before
   * the signal of `keep` is aborted.
   */
  async end() {
    this._ended = true;
    const present = this._present;
    if (present?.ready && (await present.end())) return;
    this._endWithoutSocket();
  }

  /** Ends the session for good while the page is being left. */
  endWithPage() {
    this._ended = true;
    this._endWithoutSocket(); // which outlives the page, as the socket does not
  }

  /** The page is being left: a session in which nothing has begun goes with it. Whether that is so. */
  leavePage() {
    if (this._begun || this._ended) return false;
    this._page.abort(); // a server that is still making the session takes it back then
    this._page = new AbortController();
    if (this._attempt && !this.session) takeBack(this.options.startUrl, this._attempt);
    this._endWithoutSocket();
    this.session = this.secret = "";
    return true;
  }
}

/** Ends a wait when the network is back, or when the visitor looks again. */
function whenItMayWork(wake: () => void, until: AbortSignal) {
  window.addEventListener("online", wake, { signal: until });
  document.addEventListener("visibilitychange", () => document.hidden || wake(), { signal: until });
}

/** What the page was loaded of, itself first. */
function loaded() {
  return ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type) as PerformanceResourceTiming[]);
}
