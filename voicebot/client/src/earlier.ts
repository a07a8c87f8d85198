// What was said before this page was opened, as the transcript shows it. Pure functions from what the server keeps.

import type { Kept } from "./downloads.ts";
import { gettext } from "./i18n.ts";
import type { Turn } from "./transcript.ts";
import { takesOver } from "./transcript-notes.ts";
import { whenWords } from "./words.ts";

const LIVE = ["created", "active", "idle"];

/** Whether a session is one to go on with. */
export const isLive = (state: string) => LIVE.includes(state);

/** Something that happened, as an entry of the transcript. */
export function note(key: string, text: string, at: number): Turn {
  return { who: "note", name: "", text, cut: false, cause: "", key, at };
}

/** The turns of a session, and where another character took over. */
export function entriesOf(kept: Kept): Turn[] {
  const entries: Turn[] = [];
  let speaker = "";
  for (const [place, { role, text, interrupted, at, name = "" }] of kept.turns.entries()) {
    const when = Date.parse(at);
    if (role === "tool") {
      entries.push(note(`tool-${place}`, text, when));
      continue;
    }
    if (role !== "user" && name && speaker && name !== speaker) entries.push(note(`switch-${place}`, takesOver(name), when));
    if (role !== "user") speaker = name || speaker;
    const who = role === "user" ? "visitor" : "character";
    entries.push({ who, name, text, cut: interrupted, cause: "", key: `earlier-${place}`, at: when });
  }
  return entries;
}

/** When the last word was said, or the session began; milliseconds since 1970. */
export const leftAt = (kept: Kept) => Date.parse(kept.turns.at(-1)?.at ?? kept.createdAt);

/** Who spoke last for the character's side; `name` where nobody did. */
export const speakerOf = (kept: Kept, name: string) => kept.turns.findLast(({ role }) => role === "assistant")?.name || name;

/**
 * Where a session was left or came to its end, and what has become of what was going on then.
 * @param name of the character
 */
export function leftWords(kept: Kept, name: string, now: number): string {
  const last = kept.turns.at(-1);
  const when = whenWords(leftAt(kept), now);
  const live = isLive(kept.state ?? "");
  const words = [live ? gettext("You left here, {when}.", { when }) : gettext("It ended here, {when}.", { when })];
  if (last?.role === "assistant" && last.interrupted) {
    words.push(gettext("{name} was cut off: what you heard is kept.", { name: speakerOf(kept, name) }));
  }
  if (live && last?.role === "user") words.push(gettext("{name} will answer your last words.", { name: speakerOf(kept, name) }));
  return words.join(" ");
}
