// What the end of a connection means: by its close code, or by what the server answered instead of a way in.

import { gettext } from "./i18n.ts";
import type { CallState, Reason } from "./states.ts";

export interface Meaning {
  /** What the call is then. */
  readonly state: Exclude<CallState["name"], "waiting" | "connecting" | "listening" | "thinking" | "speaking">;
  /** Whether the page tries again by itself: for as long as it takes, a few times (it may be for good), or not. */
  readonly again: "always" | "some" | "never";
  /** Why the server has no place now. */
  readonly reason?: Reason;
  /** The server's own words. */
  readonly problem?: string;
  /** Not before. */
  readonly retryAfterSecs?: number;
}

export interface Where {
  /** Whether the two have talked already: such a visitor is not turned away at the door. */
  readonly begun: boolean;
  /** Whether the server has said that it leaves, and that another goes on. */
  readonly draining: boolean;
}

/** What the server answered instead of a way in. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly retryAfterSecs: number;
}

/** Tries, one after another, of what may never work. */
export const SOME_TRIES = 16; // about a minute
const RESTART_TRIES = 10; // which take 20 s
const LONGEST_SECS = 15;
const PATIENT_SECS = 120; // a limit that is over by then is waited for

const LOST: Meaning = { state: "gone", again: "always" };
const TROUBLE: Meaning = { state: "gone", again: "some" };
const FULL: Meaning = { state: "full", again: "always" };
const LIMIT: Meaning = { state: "limit", again: "never" };
const AWAY: Meaning = { state: "unavailable", again: "always", reason: "unavailable" };

/** Every code of docs/protocol.md, and those of RFC 6455 that a server or a proxy closes with. */
export const CODES: Readonly<Record<number, Meaning>> = {
  1000: { state: "ended", again: "never" },
  1001: LOST,
  1003: TROUBLE,
  1005: LOST,
  1006: LOST,
  1007: TROUBLE,
  1009: TROUBLE,
  1011: TROUBLE,
  1012: AWAY,
  1013: AWAY,
  4401: TROUBLE, // the token is used up: `start` gives another
  4403: { state: "over", again: "never", problem: gettext("You are not let into this conversation.") },
  4404: {
    state: "over",
    again: "never",
    problem: gettext("There is no such conversation any more, or its character has left the stage."),
  },
  4408: { state: "idle", again: "never" },
  4409: { state: "replaced", again: "never" },
  4410: { state: "over", again: "never", problem: gettext("This conversation has ended.") },
  // More sound or more messages than anybody has, or a day that is used up: `start` knows which, and lets in or says.
  4429: { state: "unavailable", again: "some", reason: "limit" },
  // Full, leaving, or without a voice for this character, in the moment since `start` let one in: that knows which.
  4503: { state: "unavailable", again: "some", reason: "unavailable" },
  4504: AWAY,
};

/** What a close code means. */
export function meaningOf(code: number, { draining }: Pick<Where, "draining">): Meaning {
  if (code === 4503 && draining) return { ...AWAY, reason: "draining" };
  return CODES[code] ?? LOST;
}

/** What a refusal of `POST /api/start` means. */
export function meaningOfRefusal({ status, code, message, retryAfterSecs }: Refusal, where: Where): Meaning {
  const said = { problem: message, retryAfterSecs };
  if (code === "unreadable" || [403, 404, 409].includes(status)) return { state: "over", again: "never", ...said };
  if (status === 503 && code === "draining") return { ...AWAY, reason: "draining", ...said };
  if (status === 503 && code === "full") return inside({ ...FULL, ...said }, where);
  if ([502, 503, 504].includes(status)) return { ...AWAY, ...said };
  if (status >= 500) return { ...AWAY, ...said };
  if (status === 429) return inside({ ...LIMIT, ...said }, where);
  return { state: "failed", again: "never", ...said };
}

function inside(meaning: Meaning, { begun, draining }: Where): Meaning {
  if (meaning.state === "full" && (begun || draining)) {
    return { ...meaning, state: "unavailable", again: "always", reason: draining ? "draining" : "full" };
  }
  const soon = meaning.retryAfterSecs ?? 0;
  if (meaning.state === "limit" && soon > 0 && soon <= PATIENT_SECS) {
    return { ...meaning, state: "unavailable", again: "always", reason: "limit" };
  }
  return meaning;
}

/** The state of a call that its line has left; `retryAt` is when it is tried again, milliseconds since 1970. */
export function stateAfter({ state, problem = "", reason = "unavailable" }: Meaning, retryAt = 0): CallState {
  switch (state) {
    case "gone":
    case "full":
      return { name: state, retryAt };
    case "unavailable":
      return { name: state, retryAt, reason };
    case "over":
    case "limit":
    case "failed":
      return { name: state, problem };
    default:
      return { name: state };
  }
}

/**
 * Seconds to wait before a try: 1, then 2 for as long as a server takes to restart, then 4, 8 and 15, about, and not
 * before the server wants. Each page draws its own moment, so that those that were lost together do not come back together.
 * @param tries how many there were already
 * @param random 0 to 1
 */
export function backoffSecs(tries: number, retryAfterSecs = 0, random = Math.random) {
  const share = 0.75 + random() / 2;
  const secs = tries === 0 ? 1 : Math.min(LONGEST_SECS, 2 ** Math.max(1, tries - RESTART_TRIES));
  return Math.max(secs * share, retryAfterSecs + (retryAfterSecs && random()));
}
