// What the server tells beside RTVI's own messages: see docs/protocol.md.

import type { Latency } from "./latency.ts";

/** The character as the server says that it is now. */
export interface Character {
  readonly slug: string;
  readonly name: string;
  readonly portrait: string;
  readonly version: number;
}

/** One thing that the character remembers of the visitor. */
export interface Memory {
  readonly id: string;
  readonly text: string;
  readonly at: string;
  readonly times: number; // that it was said, or asked about
}

export type ServerMessage =
  | { readonly type: "session"; readonly id: string; readonly character: Character }
  | { readonly type: "character-updated"; readonly character: Character }
  | ({ readonly type: "latency" } & Latency)
  // `spoken`: it is heard, and comes as what is said does.
  | { readonly type: "trouble"; readonly text: string; readonly spoken: boolean }
  // Somebody speaks over the character, who waits to hear what: what has not been played of it comes again.
  | { readonly type: "voice-held"; readonly held: boolean }
  // How the mouth moves in the sound that comes next: each viseme with the millisecond at which it begins.
  | { readonly type: "visemes"; readonly visemes: readonly (readonly [string, number])[] }
  | { readonly type: "memory"; readonly consent: "" | "yes" | "no"; readonly question?: string; readonly learnt?: readonly Memory[] }
  | { readonly type: "card"; readonly title?: string; readonly text?: string; readonly link?: string; readonly picture?: string }
  | { readonly type: "tool-question"; readonly id: string; readonly question: string }
  | { readonly type: "tool-answered"; readonly id: string }
  | { readonly type: "tool-call"; readonly id: string; readonly tool: string; readonly arguments: Readonly<Record<string, unknown>> }
  | { readonly type: "tool-cancelled"; readonly id: string }
  | { readonly type: "draining" }
  | { readonly type: "expiring"; readonly inSecs: number };
