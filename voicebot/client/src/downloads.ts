// A conversation to take away: as text, as JSON and as WebVTT. Pure functions from what the server keeps.

import type { Turn as Said } from "./transcript.ts";

export interface Turn {
  readonly role: string;
  readonly text: string;
  readonly interrupted: boolean;
  readonly at: string;
  /** Of the character that spoke it. */
  readonly name?: string;
}

/** A conversation in the shape in which the server gives it away. */
export interface Kept {
  readonly id: string;
  readonly character: string;
  readonly state?: string;
  readonly createdAt: string;
  readonly turns: readonly Turn[];
}

/** The conversation as a page knows it. */
export function keptOf(turns: readonly Said[], id: string, character: string, begunAt: number): Kept {
  return {
    id,
    character,
    createdAt: new Date(begunAt).toISOString(),
    turns: turns.filter(({ who }) => who !== "note").map(({ who, name, text, cut, at }) => ({
      role: who === "visitor" ? "user" : "assistant",
      name,
      text,
      interrupted: cut,
      at: new Date(at).toISOString(),
    })),
  };
}

const CUT_OFF = " —";
const WORDS_PER_SEC = 2.6; // of speech, to guess when a turn began: what is kept is when it ended
const SHORTEST_SECS = 0.8;

/**
 * @param name of the character
 * @param you what the visitor is called
 */
function who(turn: Turn, name: string, you: string) {
  return turn.role === "user" ? you : turn.name || name;
}

export function asText(kept: Kept, name: string, you: string) {
  const lines = kept.turns.map((turn) => `${who(turn, name, you)}: ${turn.text}${turn.interrupted ? CUT_OFF : ""}`);
  return `${lines.join("\n\n")}\n`;
}

export function asJson(kept: Kept) {
  return `${JSON.stringify(kept, null, 2)}\n`;
}

function stamp(secs: number) {
  const ms = Math.round(secs * 1000);
  const pad = (value: number, places = 2) => String(value).padStart(places, "0");
  return `${pad(Math.floor(ms / 3_600_000))}:${pad(Math.floor(ms / 60_000) % 60)}:${pad(Math.floor(ms / 1000) % 60)}.${pad(ms % 1000, 3)}`;
}

/** Text within a cue: nothing of it may be markup, or end the cue. */
function plain(text: string) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/\s*\n\s*/g, " ");
}

/**
 * Captions, timed from the beginning of the conversation. A gap of more than a minute is a visitor who was away:
 * it is left out.
 */
export function asWebVtt(kept: Kept, name: string, you: string) {
  const cues = ["WEBVTT"];
  let last = Date.parse(kept.createdAt) / 1000;
  let away = last;
  let end = 0;
  for (const turn of kept.turns) {
    const at = Date.parse(turn.at) / 1000;
    const speech = Math.max(SHORTEST_SECS, turn.text.split(/\s+/).length / WORDS_PER_SEC);
    if (at - last - speech > 60) away += at - last - speech;
    const begins = Math.max(end, at - away - speech);
    end = Math.max(begins + SHORTEST_SECS, at - away);
    last = at;
    const words = plain(turn.text) + (turn.interrupted ? CUT_OFF : "");
    cues.push(`${stamp(begins)} --> ${stamp(end)}\n<v ${plain(who(turn, name, you)).replace(/[.\s]+/g, " ")}>${words}`);
  }
  return `${cues.join("\n\n")}\n`;
}

export type Format = "text" | "json" | "vtt";

/** Hands a conversation to the visitor as a file. */
export function saveAs(format: Format, kept: Kept, name: string, you: string) {
  const file = `greenroom-${kept.id.slice(0, 8)}`;
  if (format === "text") save(`${file}.txt`, "text/plain", asText(kept, name, you));
  if (format === "json") save(`${file}.json`, "application/json", asJson(kept));
  if (format === "vtt") save(`${file}.vtt`, "text/vtt", asWebVtt(kept, name, you));
}

/** Hands a file to the visitor. */
export function save(name: string, type: string, text: string) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
