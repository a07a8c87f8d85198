// What needs no browser: files to take away, settings, the chart's bars, words.

import assert from "node:assert/strict";
import { test } from "node:test";

import { asJson, asText, asWebVtt } from "../src/downloads.ts";
import { gettext } from "../src/i18n.ts";
import { bars } from "../src/latency.ts";
import { DEFAULTS, sound } from "../src/settings.ts";
import { entriesOf, leftWords } from "../src/earlier.ts";
import { lit, Transcript } from "../src/transcript.ts";
import { noteMessage } from "../src/transcript-notes.ts";
import { durationWords, mendingWords, whenWords } from "../src/words.ts";

const KEPT = {
  id: "1",
  character: "marlow",
  createdAt: "2026-01-01T12:00:00Z",
  turns: [
    { role: "assistant", text: "Ahoy <there> --> friend.", interrupted: false, at: "2026-01-01T12:00:03Z" },
    { role: "user", text: "Hello\n\nCaptain", interrupted: false, at: "2026-01-01T12:00:05Z" },
    { role: "assistant", text: "The sea", interrupted: true, at: "2026-01-01T12:00:07Z" },
    { role: "user", text: "I am back.", interrupted: false, at: "2026-01-01T14:00:00Z" },
  ],
};

test("a transcript as text names both sides and marks what was cut off", () => {
  const text = asText(KEPT, "Captain Marlow", "You");
  assert.match(text, /^Captain Marlow: Ahoy/);
  assert.match(text, /The sea —\n/);
});

test("a transcript as JSON is what the server keeps", () => {
  assert.deepEqual(JSON.parse(asJson(KEPT)), KEPT);
});

test("WebVTT has one cue a turn, in order, without markup, and leaves out an absence", () => {
  const vtt = asWebVtt(KEPT, "Captain Marlow", "You");
  const cues = [...vtt.matchAll(/^(\d\d:\d\d:\d\d\.\d{3}) --> (\d\d:\d\d:\d\d\.\d{3})\n(.+)$/gm)];
  assert.equal(cues.length, KEPT.turns.length);
  assert.ok(vtt.startsWith("WEBVTT\n\n"));
  const times = cues.flatMap(([, begin, end]) => [begin, end]);
  assert.deepEqual(times, [...times].sort());
  assert.ok(times.at(-1) < "00:01:00.000", `an absence of two hours is left out: ${times.at(-1)}`);
  assert.match(cues[0][3], /^<v Captain Marlow>Ahoy &lt;there&gt; --&gt; friend\.$/);
  assert.match(cues[1][3], /Hello Captain/);
});

test("settings that make no sense are as usual", () => {
  assert.deepEqual(sound(null), DEFAULTS);
  assert.deepEqual(sound({ mode: 7, volume: "loud", speed: 99, echo: "no", noise: false }), {
    ...DEFAULTS,
    speed: 1.5,
    noise: false,
  });
});

test("the chart's bars follow one another and end where the whole does", () => {
  const latency = { totalMs: 1000, endOfTurnMs: 400, sttMs: 300, llmMs: 300, ttsMs: 200, outMs: 100 };
  const found = bars(latency, 2000, 200);
  assert.deepEqual(found.map((bar) => bar.at), [0, 40, 70, 90]);
  assert.equal(found.at(-1).at + found.at(-1).size, 100);
});

test("pieces of one speech are one turn, and a piece not heard is none", () => {
  const transcript = new Transcript();
  transcript.said({ text: "One.", segment_id: 1, spoken_status: "completed" });
  transcript.said({ text: "Two.", segment_id: 2, spoken_status: "completed" });
  transcript.said({ text: "Three.", segment_id: 3 });
  transcript.heard("Stop", true);
  assert.deepEqual(transcript.turns.map((turn) => turn.text), ["One. Two.", "Stop"]);
});

test("a visitor's sentence that a pause has torn is one turn, and what is written stands by itself", () => {
  const transcript = new Transcript();
  transcript.heard("Wait.", true);
  transcript.heard("I want to ask", false);
  transcript.heard("I want to ask something else.", true);
  transcript.wrote("In writing.");
  transcript.heard("And aloud.", true);
  transcript.said({ text: "One.", segment_id: 1, spoken_status: "completed" });
  transcript.heard("More.", true);
  const said = ["Wait. I want to ask something else.", "In writing.", "And aloud.", "One.", "More."];
  assert.deepEqual(transcript.turns.map((turn) => turn.text), said);
});

test("a reply that was cut off before its first word still parts what was said before and after it", () => {
  const transcript = new Transcript();
  transcript.heard("First.", true);
  transcript.said({ text: "Never heard.", segment_id: 1, spoken_status: "new" });
  transcript.cutOff();
  transcript.heard("Second.", true);
  assert.deepEqual(transcript.turns.map((turn) => turn.text), ["First.", "Second."]);
});

test("the word that is being spoken is lit, and none before the voice begins", () => {
  const line = { id: 1, who: "character", name: "", text: "Ahoy there, friend.", spoken: "", final: false, cut: false, cause: "", typed: false, after: false, at: 0 } as const;
  assert.equal(lit(line), "");
  assert.equal(lit({ ...line, spoken: "Ahoy" }), "Ahoy there,");
  assert.equal(lit({ ...line, spoken: "Ahoy there, friend." }), "Ahoy there, friend.");
  assert.equal(lit({ ...line, spoken: "Ahoy", final: true }), line.text);
  assert.equal(lit(line, true), "Ahoy", "its end is told when it is over, its beginning is the voice's");
});

test("the first word of a sentence is the one that sounds where the voice speaks and all before it is said", () => {
  const transcript = new Transcript();
  const said = (segment_id: number, text: string, spoken_status: string) => transcript.said({ segment_id, text, spoken_status });
  said(1, "Ahoy there.", "new");
  assert.ok(!transcript.sounding, "announced");
  transcript.speaking = true;
  assert.ok(transcript.sounding);
  said(2, "Sit down.", "new");
  assert.ok(!transcript.sounding, "the first sentence is being said");
  said(1, "Ahoy there.", "completed");
  assert.ok(transcript.sounding);
  transcript.speaking = false;
  assert.ok(!transcript.sounding);
});

test("each browser and each reason has a way to mend the microphone", () => {
  const agents = ["Firefox/140", "Version/18 Safari/605", "Chrome/140 Safari/537"];
  const words = [
    ...agents.map((agent) => mendingWords("NotAllowedError", agent)),
    ...["NotFoundError", "NotReadableError", "OverconstrainedError"].map((name) => mendingWords(name, agents[2])),
  ];
  assert.equal(new Set(words).size, words.length);
  for (const sentence of words) assert.match(sentence, /type what you want to say/);
});

test("lengths of time and messages with values", () => {
  assert.equal(durationWords(7), "7 s");
  assert.equal(durationWords(245), "4 min 5 s");
  assert.equal(durationWords(3720), "1 h 2 min");
  assert.equal(gettext("{a} and {b}", { a: "<i>" }), "<i> and {b}");
});

test("a switch of character is an entry, and each reply has the name of who gave it", () => {
  const transcript = new Transcript();
  const [marlow, ada] = [["marlow", "Captain Marlow"], ["ada", "Ada Quill"]].map(([slug, name]) => ({ slug, name, portrait: "", version: 1 }));
  noteMessage(transcript, { type: "session", id: "1", character: marlow }, null);
  transcript.said({ text: "Ahoy.", segment_id: 1, spoken_status: "completed" });
  noteMessage(transcript, { type: "character-updated", character: { ...marlow, version: 2 } }, marlow);
  noteMessage(transcript, { type: "character-updated", character: ada }, marlow);
  transcript.said({ text: "Good day.", segment_id: 2, spoken_status: "completed" });
  const said = transcript.entries.map(({ who, name, text }) => [who, name, text]);
  assert.deepEqual(said, [
    ["character", "Captain Marlow", "Ahoy."],
    ["note", "", "Ada Quill takes over"],
    ["character", "Ada Quill", "Good day."],
  ]);
  assert.equal(transcript.turns.length, 2);
  assert.equal(transcript.current?.text, "Good day.");
});

test("an apology is an entry once, whether there is a recording of it or not", () => {
  const transcript = new Transcript();
  noteMessage(transcript, { type: "trouble", text: "Forgive me.", spoken: true }, null);
  assert.deepEqual(transcript.turns, [], "it comes as what is said does");
  noteMessage(transcript, { type: "trouble", text: "Forgive me.", spoken: false }, null);
  assert.deepEqual(transcript.turns.map(({ who, text }) => [who, text]), [["character", "Forgive me."]]);
});

test("a note does not tear what the visitor is saying", () => {
  const transcript = new Transcript();
  transcript.heard("hello th", false);
  transcript.note("Ada Quill takes over");
  transcript.heard("hello there", true);
  assert.deepEqual(transcript.turns.map(({ text }) => text), ["hello there"]);
});

test("a reply says why the rest of it is missing", () => {
  for (const cause of ["spoke", "lost"] as const) {
    const transcript = new Transcript();
    transcript.said({ text: "Once upon a time.", segment_id: 1, spoken_progress: { accumulated_text: "Once", remaining_text: "upon" } });
    transcript.cutOff(cause);
    assert.deepEqual(transcript.turns.map(({ text, cut, cause: why }) => [text, cut, why]), [["Once", true, cause]]);
  }
});

const RETURN = {
  ...KEPT,
  state: "idle",
  turns: [
    { role: "assistant", text: "Ahoy.", interrupted: false, at: "2026-01-01T12:00:03Z", name: "Captain Marlow" },
    { role: "user", text: "Hello.", interrupted: false, at: "2026-01-01T12:00:05Z", name: "" },
    { role: "assistant", text: "Good", interrupted: true, at: "2026-01-01T12:00:07Z", name: "Ada Quill" },
  ],
};

test("what the server keeps is what the transcript shows, switches and cut-off replies among it", () => {
  const entries = entriesOf(RETURN).map(({ who, name, text, cut }) => [who, name, text, cut]);
  assert.deepEqual(entries, [
    ["character", "Captain Marlow", "Ahoy.", false],
    ["visitor", "", "Hello.", false],
    ["note", "", "Ada Quill takes over", false],
    ["character", "Ada Quill", "Good", true],
  ]);
  assert.equal(new Set(entriesOf(RETURN).map(({ key }) => key)).size, 4);
});

test("where one left is told, and what has become of what was going on", () => {
  const now = Date.parse("2026-01-01T12:10:00Z");
  assert.match(leftWords(RETURN, "Captain Marlow", now), /^You left here, today, .+\. Ada Quill was cut off: what you heard is kept\.$/);
  const asked = { ...RETURN, turns: RETURN.turns.slice(0, 2) };
  assert.match(leftWords(asked, "Ada Quill", now), /Captain Marlow will answer your last words\.$/, "who spoke last");
  const over = leftWords({ ...asked, state: "ended" }, "Captain Marlow", now);
  assert.match(over, /^It ended here, today, [^.]+\.$/);
});

test("a moment is told as people tell it", () => {
  const now = new Date(2026, 2, 1, 0, 30).getTime();
  assert.match(whenWords(new Date(2026, 2, 1, 0, 5).getTime(), now), /^today, /);
  assert.match(whenWords(new Date(2026, 1, 28, 14, 2).getTime(), now), /^yesterday, .*02/);
  assert.match(whenWords(new Date(2026, 1, 27, 14, 2).getTime(), now), /2026/);
});
