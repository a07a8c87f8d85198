// Which line a connection begins on: a call where one comes about in time, else the socket, whichever is ready first.

import { childOf, pause } from "./abort.ts";
import type { CallLine } from "./call-line.ts";
import type { LineKind } from "./line-memory.ts";
import type { Socket } from "./socket.ts";

const HEAD_START_SECS = 1; // for packets of a call to pass; the session would be taken over twice otherwise
const PASSING_SECS = 4; // for the rest of its round trips, once they pass

export interface Entrants {
  call(signal: AbortSignal): Pick<CallLine, "open" | "passes">;
  socket(signal: AbortSignal): Pick<Socket, "open">;
}

interface Won {
  readonly kind: LineKind;
  readonly own: AbortController;
}

/** Who is ready first, and the controller that closes it; the other is closed. Throws what the socket throws. */
export async function race(entrants: Entrants, remembered: LineKind | null, signal: AbortSignal): Promise<Won> {
  const [call, socket] = [childOf(signal), childOf(signal)];
  const won = (kind: LineKind): Won => {
    (kind === "webrtc" ? socket : call).abort(new Error("the other line was ready first"));
    return { kind, own: kind === "webrtc" ? call : socket };
  };
  if (remembered === "websocket") {
    await entrants.socket(socket.signal).open;
    return won("websocket");
  }
  const made = entrants.call(call.signal);
  const calling = made.open.then(() => won("webrtc"));
  calling.catch(() => undefined);
  const over = childOf(signal);
  const late = pause(HEAD_START_SECS, over.signal).then(() => "late");
  const passing = made.passes.then(() => pause(PASSING_SECS, over.signal));
  const first = await Promise.race([calling.catch(() => null), late, made.passes.then(() => "passes")]).catch(() => null);
  const early = first === "passes" ? await Promise.race([calling.catch(() => null), passing]).catch(() => null) : first;
  late.catch(() => undefined);
  passing.catch(() => undefined);
  over.abort();
  signal.throwIfAborted();
  if (early && typeof early === "object") return early;
  const socketing = entrants.socket(socket.signal).open.then(() => won("websocket"));
  // Where the call fails, the socket decides; where the socket fails first, the call may still come about.
  return Promise.any([socketing, calling]).catch(() => socketing);
}
