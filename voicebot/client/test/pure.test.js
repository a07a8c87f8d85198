import assert from "node:assert/strict";
import { test } from "node:test";

import { backoffSecs, closeCode, meaningOf } from "../src/closing.js";
import { arc, openness } from "../src/ring.js";
import { Transcript } from "../src/transcript.js";
import { actionWords, stateWords } from "../src/words.js";

test("a close code is found in the transport's error, and its absence means a dead line", () => {
  assert.equal(closeCode({ message: "websocket connection closed. Code: 4409" }), 4409);
  assert.equal(closeCode({ message: "websocket error" }), 1006);
  assert.equal(closeCode(undefined), 1006);
});

test("only a dead line and a used-up token are worth another try", () => {
  assert.equal(meaningOf(1006), "retry");
  assert.equal(meaningOf(1012), "retry");
  assert.equal(meaningOf(4401), "renew");
  assert.equal(meaningOf(4409), "replaced");
  assert.equal(meaningOf(4503), "full");
});

test("tries come further and further apart, up to fifteen seconds", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 9].map(backoffSecs), [1, 2, 4, 8, 15, 15]);
});

test("silence leaves the ring closed and a loud voice opens it", () => {
  assert.equal(openness(0), 0);
  assert.equal(openness(0.003), 0);
  assert.ok(openness(0.03) > 0.4 && openness(0.03) < 0.6);
  assert.equal(openness(0.9), 1);
  assert.match(arc(1, true), /^M[\d. ]+A188 188 0 0 1 [\d. ]+$/);
});

test("what is being said grows word by word and is whole in the end", () => {
  const transcript = new Transcript();
  const say = (/** @type {string} */ spoken, /** @type {string} */ rest, status = "in-progress") =>
    transcript.said({
      text: "Ahoy there, friend.",
      segment_id: 7,
      spoken_status: status,
      spoken_progress: { accumulated_text: spoken, remaining_text: rest },
    });
  say("", "Ahoy there, friend.", "new");
  assert.equal(transcript.current?.spoken, "");
  say("Ahoy", "there, friend.");
  assert.equal(transcript.current?.spoken, "Ahoy");
  say("Ahoy there, friend.", "", "completed");
  assert.equal(transcript.current?.final, true);
  assert.equal(transcript.lines.length, 1);
});

test("a character that is cut off keeps what was heard and loses the rest", () => {
  const transcript = new Transcript();
  transcript.said({
    text: "Once upon a time there was a dragon.",
    segment_id: 1,
    spoken_status: "in-progress",
    spoken_progress: { accumulated_text: "Once upon a", remaining_text: "time there was a dragon." },
  });
  transcript.said({ text: "It slept.", segment_id: 2, spoken_status: "new" });
  transcript.cutOff();
  assert.deepEqual(
    transcript.lines.map(({ text, cut }) => ({ text, cut })),
    [{ text: "Once upon a", cut: true }],
  );
  transcript.said({ text: "Once upon a time there was a dragon.", segment_id: 1, spoken_status: "completed" });
  assert.equal(transcript.lines[0].text, "Once upon a");
});

test("what the visitor says replaces its own first guess", () => {
  const transcript = new Transcript();
  transcript.heard("hello th", false);
  transcript.heard("hello there", true);
  transcript.heard("again", true);
  assert.deepEqual(transcript.lines.map((line) => line.text), ["hello there", "again"]);
});

test("every state has words or an invitation, and every dead end an action", () => {
  const about = { name: "Ada", muted: false, microphone: true, retrySecs: 2.4, problem: "" };
  assert.equal(stateWords("connecting", about), "Calling Ada");
  assert.equal(stateWords("gone", about), "connection lost, trying again in 3 s");
  assert.equal(stateWords("listening", { ...about, muted: true }), "you are muted");
  assert.equal(stateWords("listening", { ...about, closesSecs: 9.2 }), "it is quiet: the line closes in 10 s");
  assert.equal(stateWords("listening", { ...about, microphone: false }), "no microphone: type instead");
  for (const state of /** @type {const} */ (["idle", "replaced", "over", "limit", "full", "ended", "failed"])) {
    assert.ok(stateWords(state, about), state);
    assert.ok(actionWords(state), state);
  }
  assert.equal(actionWords("speaking"), "");
});
