// A conversation to take away: as text, as JSON and as WebVTT. Pure functions from what the server keeps.

/**
 * @typedef {{role: string, text: string, interrupted: boolean, at: string}} Turn
 * @typedef {{id: string, character: string, createdAt: string, turns: Turn[]}} Kept
 */

const CUT_OFF = " —";
const WORDS_PER_SEC = 2.6; // of speech, to guess when a turn began: what is kept is when it ended
const SHORTEST_SECS = 0.8;

/**
 * @param {Turn} turn
 * @param {string} name of the character
 * @param {string} you what the visitor is called
 */
function who(turn, name, you) {
  return turn.role === "user" ? you : name;
}

/**
 * @param {Kept} kept
 * @param {string} name
 * @param {string} you
 */
export function asText(kept, name, you) {
  const lines = kept.turns.map((turn) => `${who(turn, name, you)}: ${turn.text}${turn.interrupted ? CUT_OFF : ""}`);
  return `${lines.join("\n\n")}\n`;
}

/** @param {Kept} kept */
export function asJson(kept) {
  return `${JSON.stringify(kept, null, 2)}\n`;
}

/** @param {number} secs */
function stamp(secs) {
  const ms = Math.round(secs * 1000);
  const pad = (/** @type {number} */ value, /** @type {number} */ places = 2) => String(value).padStart(places, "0");
  return `${pad(Math.floor(ms / 3_600_000))}:${pad(Math.floor(ms / 60_000) % 60)}:${pad(Math.floor(ms / 1000) % 60)}.${pad(ms % 1000, 3)}`;
}

/** Text within a cue: nothing of it may be markup, or end the cue. */
function plain(/** @type {string} */ text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/\s*\n\s*/g, " ");
}

/**
 * Captions, timed from the beginning of the conversation. A gap of more than a minute is a visitor who was away:
 * it is left out.
 * @param {Kept} kept
 * @param {string} name
 * @param {string} you
 */
export function asWebVtt(kept, name, you) {
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

/**
 * Hands a file to the visitor.
 * @param {string} name
 * @param {string} type
 * @param {string} text
 */
export function save(name, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
