// The states of a call, and which may follow which.

/** Why the server has no place now. */
export type Reason = "unavailable" | "draining" | "full" | "limit";

/** What a call is doing; what is known only in that state is part of it, and goes with it. */
export type CallState =
  | { readonly name: "waiting" }
  | { readonly name: "connecting" }
  // `closesAt`: when the server closes the line if nobody speaks, 0 while nothing is planned. All times are in
  // milliseconds since 1970.
  | { readonly name: "listening"; readonly closesAt: number }
  | { readonly name: "thinking" }
  | { readonly name: "speaking" }
  // The line is lost, or not to be had: the page tries by itself.
  | { readonly name: "gone"; readonly retryAt: number }
  | { readonly name: "unavailable"; readonly retryAt: number; readonly reason: Reason }
  // A stranger waits at the door; whoever has talked already is `unavailable` because of `full`.
  | { readonly name: "full"; readonly retryAt: number }
  // Nothing goes on here any more. `problem` is the server's own words, '' for the usual ones.
  | { readonly name: "idle" }
  | { readonly name: "replaced" }
  | { readonly name: "over"; readonly problem: string }
  | { readonly name: "limit"; readonly problem: string }
  | { readonly name: "failed"; readonly problem: string }
  | { readonly name: "ended" };

export type StateName = CallState["name"];

export const TALKING: readonly StateName[] = ["listening", "thinking", "speaking"];
const RETURNING: readonly StateName[] = ["gone", "unavailable", "full"];
const STOPPED: readonly StateName[] = ["idle", "replaced", "over", "limit", "failed", "ended"];
const LIVE: readonly StateName[] = ["connecting", ...TALKING, ...RETURNING];

export const FOLLOWS: Readonly<Record<StateName, readonly StateName[]>> = {
  waiting: ["connecting", "ended"],
  // The page may be left before the line is there: then it is as it was.
  connecting: ["waiting", "listening", ...RETURNING, ...STOPPED],
  listening: [...TALKING, ...RETURNING, ...STOPPED],
  thinking: [...TALKING, ...RETURNING, ...STOPPED],
  speaking: [...TALKING, ...RETURNING, ...STOPPED],
  gone: ["waiting", "listening", ...RETURNING, ...STOPPED],
  unavailable: ["waiting", "listening", ...RETURNING, ...STOPPED],
  full: ["waiting", "listening", ...RETURNING, ...STOPPED],
  // One press leads on from here.
  idle: ["connecting", "ended"],
  replaced: ["connecting", "ended"],
  limit: ["connecting", "ended"],
  failed: ["connecting", "ended"],
  // The session is no more: only where room is made for another one does anything begin.
  over: ["waiting"],
  ended: ["waiting"],
};

/** The state after `from` when `to` is asked for: `to` where it may follow, else `from` itself, untouched. */
export function transition(from: CallState, to: CallState): CallState {
  return FOLLOWS[from.name].includes(to.name) ? to : from;
}

/** Whether a conversation is going on, if only on its way. */
export const isLive = ({ name }: CallState) => LIVE.includes(name);

/** Whether the page is on its way back by itself. */
export const isReturning = ({ name }: CallState) => RETURNING.includes(name);
