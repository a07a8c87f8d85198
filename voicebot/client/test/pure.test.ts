import assert from "node:assert/strict";
import { test } from "node:test";

import { arc, openness } from "../src/ring.ts";
import type { CallState } from "../src/states.ts";
import { Transcript } from "../src/transcript.ts";
import { actionWords, stateWords } from "../src/words.ts";

test("silence leaves the ring closed and a loud voice opens it", () => {
  assert.equal(openness(0), 0);
  assert.equal(openness(0.003), 0);
  assert.ok(openness(0.03) > 0.4 && openness(0.03) < 0.6);
  assert.equal(openness(0.9), 1);
  assert.match(arc(1, true), /^M[\d. ]+A188 188 0 0 1 [\d. ]+$/);
});

test("what is being said grows word by word and is whole in the end", () => {
  const transcript = new Transcript();
  const say = (spoken: string, rest: string, status = "in-progress") =>
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
  const about = { name: "Ada", muted: false, available: true, push: false, talking: false, silent: false, now: 0 };
  const quiet = { name: "listening", closesAt: 0 } as const;
  assert.equal(stateWords({ name: "connecting" }, about), "Calling Ada");
  assert.equal(stateWords({ name: "gone", retryAt: 2400 }, about), "connection lost, trying again in 3 s");
  assert.equal(stateWords({ name: "gone", retryAt: -200 }, about), "connection lost, trying again");
  assert.equal(stateWords(quiet, { ...about, muted: true }), "you are muted");
  assert.equal(stateWords({ ...quiet, closesAt: 9200 }, about), "it is quiet: the line closes in 10 s");
  assert.equal(stateWords(quiet, { ...about, available: false }), "no microphone: type instead");
  for (const name of ["idle", "replaced", "over", "limit", "ended", "failed"] as const) {
    const state = { name, problem: "" } as CallState;
    assert.ok(stateWords(state, about), name);
    assert.ok(actionWords(state), name);
  }
  assert.equal(actionWords({ name: "speaking" }), "");
  // A countdown need not be waited for, unless sooner would be too much once more.
  assert.equal(actionWords({ name: "gone", retryAt: 9000 }), "Try now");
  assert.equal(actionWords({ name: "unavailable", reason: "draining", retryAt: 9000 }), "Try now");
  assert.equal(actionWords({ name: "unavailable", reason: "limit", retryAt: 9000 }), "");
});
