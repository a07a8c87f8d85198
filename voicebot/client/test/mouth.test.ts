// The mouth moves with the sound that is heard, wherever in all sound so far that is.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Mouth, SHAPES } from "../src/mouth.ts";
import { mouthOpenness } from "../src/ring.ts";
import { made } from "./calls.ts";

const PAPA = [["PP", 0], ["aa", 80], ["PP", 200], ["aa", 280], ["sil", 400]] as const;

test("a mouth has the shape of what is heard, not of what has come", () => {
  const mouth = new Mouth();
  mouth.note(PAPA, 10);
  assert.deepEqual([9.9, 10.01, 10.1, 10.21, 10.35].map((secs) => mouth.at(secs)), ["", "PP", "aa", "PP", "aa"]);
});

test("the next piece goes on where the sound before it ends", () => {
  const mouth = new Mouth();
  mouth.note(PAPA, 10);
  mouth.note([["FF", 0], ["sil", 100]], 10.5);
  assert.deepEqual([10.45, 10.55, 10.7].map((secs) => mouth.at(secs)), ["sil", "FF", ""]);
});

test("a mouth that is cut off says nothing of what is not heard", () => {
  const mouth = new Mouth();
  mouth.note(PAPA, 10);
  assert.equal(mouth.at(10.1), "aa");
  mouth.close();
  assert.equal(mouth.at(10.35), "");
});

test("the arc closes with the lips however loud it is, and follows loudness where no shape is known", () => {
  assert.equal(mouthOpenness(0.9, "PP"), 0);
  assert.ok(mouthOpenness(0.9, "aa") > mouthOpenness(0.9, "U"));
  assert.equal(mouthOpenness(0.9, ""), 0.9);
  for (const shape of Object.values(SHAPES)) assert.ok([shape.open, shape.wide].every((part) => part >= 0 && part <= 1));
});

test("a call's mouth is where the loudspeaker is, and falls silent with the voice", () => {
  const call = made();
  const report = { level: 0.1, playing: true, bufferedSecs: 0.2, positionSecs: 0.05, heard: 1, gaps: 0, gapSecs: 0 };
  const inside = call as unknown as { _onSound(report: object): void };
  call.callbacks.onServerMessage?.({ type: "visemes", visemes: [["PP", 0], ["aa", 3000], ["sil", 60_000]] });
  assert.equal(call.viseme, "", "nothing plays yet");
  inside._onSound(report);
  assert.equal(call.viseme, "PP");
  inside._onSound({ ...report, positionSecs: 5 });
  assert.equal(call.viseme, "aa");
  call.callbacks.onServerMessage?.({ type: "voice-held", held: true });
  inside._onSound({ ...report, positionSecs: 6 });
  assert.equal(call.viseme, "", "the voice is held");
});
