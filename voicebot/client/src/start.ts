// The start of a session and its end over HTTP: POST /api/start, as Pipecat's clients ask it.

import { pause } from "./abort.ts";
import { backoffSecs, type Refusal } from "./closing.ts";

const END_TRIES = 16; // about a minute

/** Where the socket is, and what opens it. */
export interface Way {
  readonly wsUrl: string;
  readonly token: string;
  /** How a call is brought about beside the socket; null where there are none. */
  readonly call: CallWay | null;
  readonly secret: string;
  readonly session: string;
}

/** What the server answers to a start by WebRTC. */
export interface CallWay {
  readonly endpoint: string;
  readonly iceServers: RTCIceServer[];
  readonly token: string;
}

export interface StartBody {
  readonly character?: string;
  readonly session?: string;
  readonly draft?: boolean;
  readonly follows?: string;
  readonly metadata?: object;
}

export class StartError extends Error implements Refusal {
  readonly status: number;
  readonly code: string;
  readonly retryAfterSecs: number;

  /**
   * @param message in the visitor's language
   * @param retryAfterSecs 0 if the server did not say
   */
  constructor(status: number, code: string, message: string, retryAfterSecs = 0) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterSecs = retryAfterSecs;
  }
}

const headers = (secret: string) => ({
  "Content-Type": "application/json",
  ...(secret && { Authorization: `Bearer ${secret}` }),
});

/**
 * A name for one attempt at a start, by which a page that is left can take it back.
 * (crypto.randomUUID is not there in a page without https, and neither is the rest of a call.)
 */
export const newAttempt = () =>
  Array.from(crypto.getRandomValues(new Uint32Array(4)), (bits) => bits.toString(36)).join("-");

/** Takes back a start whose answer this page, which is being left, will not read. */
export function takeBack(url: string, attempt: string) {
  const options = { method: "DELETE", keepalive: true, headers: headers(""), body: JSON.stringify({ attempt }) };
  void fetch(url, options).catch(() => undefined);
}

/**
 * Throws StartError, and what fetch throws where nobody answers.
 * @param secret of the session to come back to, for visitors without a cookie
 * @param attempt '' for a way back
 * @param calls whether a call is wished for as well
 */
export async function start(
  url: string, body: StartBody, secret: string, attempt: string, signal: AbortSignal, calls = false,
): Promise<Way> {
  const response = await fetch(url, {
    method: "POST",
    headers: headers(secret),
    body: JSON.stringify({ transport: calls ? "webrtc" : "websocket", body, ...(attempt && { attempt }) }),
    signal,
  });
  const answer = await response.json().catch(() => ({}));
  // Another process may have none, though the one that served the page has.
  if (calls && response.status === 400) return start(url, body, secret, attempt, signal);
  const call = calls ? callOf(answer) : null;
  const wsUrl = call ? socketBeside(call.endpoint) : answer.wsUrl;
  if (!response.ok || !wsUrl) {
    const { code = "unknown", message = "" } = answer.error ?? {};
    const status = response.ok ? 502 : response.status; // something in between answered in the server's place
    throw new StartError(status, code, message, Number(response.headers.get("Retry-After")) || 0);
  }
  const way = new URL(wsUrl);
  // A proxy in front may have kept to itself that the page came by https: browsers refuse ws: then.
  if (location.protocol === "https:") way.protocol = "wss:";
  return {
    wsUrl: way.href,
    token: call?.token ?? answer.token,
    call,
    secret: response.headers.get("Greenroom-Session-Secret") || secret,
    session: way.pathname.split("/").at(-2) ?? "",
  };
}

function callOf({ webrtcRequestParams: params, iceConfig }: Record<string, any>): CallWay | null {
  if (!params?.endpoint) return null;
  const endpoint = new URL(params.endpoint);
  if (location.protocol === "https:") endpoint.protocol = "https:"; // as for the socket below
  return { endpoint: endpoint.href, iceServers: iceConfig?.iceServers ?? [], token: params.requestData.token };
}

/** The socket of the session whose offers go to `endpoint`: see docs/protocol.md. */
function socketBeside(endpoint: string) {
  return endpoint.replace(/^http/, "ws").replace(/api\/sessions\/([^/]+)\/api\/offer$/, "ws/session/$1/");
}

/** Ends a session that no socket can end: for good, whatever becomes of this page. Tries for a while. */
export async function end(url: string, secret: string) {
  for (let tries = 0; tries < END_TRIES; tries++) {
    if (tries) await pause(backoffSecs(tries));
    try {
      // A page that is being closed is not there any more for the answer.
      const response = await fetch(url, {
        method: "PATCH",
        keepalive: true,
        headers: headers(secret),
        body: JSON.stringify({ state: "ended" }),
      });
      if (response.status < 500) return;
    } catch {
      // Nobody answers: perhaps later.
    }
  }
}
