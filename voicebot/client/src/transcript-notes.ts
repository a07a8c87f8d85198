// What the transcript learns of the server beside the words: who speaks now, and what could not be said.

import { gettext } from "./i18n.ts";
import type { Character, ServerMessage } from "./server-messages.ts";
import type { Transcript } from "./transcript.ts";

/** @param before the character that spoke until now, null where nobody is known yet */
export function noteMessage(transcript: Transcript, message: ServerMessage, before: Character | null) {
  if (message.type === "trouble" && !message.spoken) transcript.told(message.text);
  if (message.type !== "session" && message.type !== "character-updated") return;
  const { name, slug } = message.character;
  if (before && before.slug !== slug) transcript.note(takesOver(name));
  transcript.name = name;
}

/** @param name of a character */
export const takesOver = (name: string) => gettext("{name} takes over", { name });
