// The microphone and the player: each is opened and closed by one owner, however late or often it is asked to.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { browser, DEFAULTS, NOTHING, nothingLeft, renew } from "./calls.ts";

const { Microphone } = await import("../src/microphone.ts");
const { Player } = await import("../src/player.ts");

beforeEach(renew);

test("the microphone is one: opened again, closed while it opens, or with its signal gone, nothing stays", async () => {
  const microphone = new Microphone("recorder.js", () => undefined);
  browser.hold("permission");
  const first = assert.rejects(microphone.open(DEFAULTS));
  const second = microphone.open({ ...DEFAULTS, noise: false });
  await browser.release();
  await first;
  await second;
  assert.equal(browser.live.tracks, 1);
  assert.equal(browser.tracks.find((track) => track.readyState === "live")?.wish.noiseSuppression, false);
  browser.hold("recorder");
  const third = assert.rejects(microphone.open(DEFAULTS));
  await browser.reached("recorder");
  microphone.close();
  microphone.close();
  await browser.release();
  await third;
  const gone = new AbortController();
  gone.abort(new Error("left"));
  await assert.rejects(microphone.open(DEFAULTS, gone.signal), /left/);
  assert.deepEqual(browser.live, NOTHING);
});

test("the player is one, too, and a page that is not secure leaves no context open", async () => {
  const player = new Player("player.js", () => undefined);
  const stay = new AbortController();
  browser.hold("player");
  const first = assert.rejects(player.open(stay.signal));
  const second = player.open(stay.signal);
  await browser.release();
  await first;
  await second;
  assert.equal(browser.live.contexts, 1);
  stay.abort();
  await nothingLeft();
});
