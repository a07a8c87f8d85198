// An end that can be taken back: no live microphone and no voice meanwhile, and the session is over once, at the right time.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { browser, made, renew, talking as talks } from "./calls.ts";
import { settle, until } from "./fake-browser.ts";

const { PendingEnd, TAKE_BACK_SECS } = await import("../src/pending-end.ts");

beforeEach(renew);
afterEach(() => mock.timers.reset());

async function talking() {
  const call = await talks();
  return { call, leaving: new PendingEnd(call) };
}

test("the microphone is let go at once, and the line stays for five seconds", async () => {
  const { call, leaving } = await talking();
  mock.timers.enable({ apis: ["setTimeout"] });
  leaving.begin();
  assert.equal(browser.live.tracks, 0);
  assert.equal(browser.live.sockets, 1);
  assert.equal(call.hearing, false);
  mock.timers.tick(TAKE_BACK_SECS * 1000 - 1);
  assert.ok(leaving.pending);
  assert.notEqual(call.state, "ended");
  mock.timers.tick(1);
  assert.equal(call.state, "ended");
  assert.ok(!leaving.pending);
});

test("taken back, it goes on with the microphone as it was", async () => {
  const { call, leaving } = await talking();
  leaving.begin();
  call.mute(true);
  call.mute(false); // nothing opens it meanwhile
  await call.adjust({ ...call.settings, noise: false });
  await call.retryMicrophone();
  await settle();
  assert.equal(browser.live.tracks, 0);
  leaving.takeBack();
  await until(() => browser.live.tracks === 1, "a microphone");
  assert.ok(call.hearing);
  assert.equal(call.state, "listening");
  leaving.finish();
  assert.equal(call.state, "listening", "there is nothing to finish any more");
  await call.end();
  assert.equal(browser.live.tracks, 0);
});

test("whoever was muted is muted after taking it back", async () => {
  const { call, leaving } = await talking();
  call.mute(true);
  leaving.begin();
  leaving.takeBack();
  await settle();
  assert.equal(call.hearing, false);
  await call.end();
});

test("a page that goes away ends the session without a socket, once it is about to end", async () => {
  const { call, leaving } = await talking();
  leaving.leavePage();
  assert.equal(call.state, "listening", "nobody was about to end it");
  leaving.begin();
  leaving.leavePage();
  assert.equal(call.state, "ended");
  assert.equal(browser.asked("PATCH", "session-1").length, 1);
});

test("what has not begun ends at once", async () => {
  browser.hold("socket");
  const call = made();
  const leaving = new PendingEnd(call);
  void call.begin();
  await browser.reached("socket");
  leaving.begin();
  assert.equal(call.state, "ended");
  assert.ok(!leaving.pending);
  await browser.release();
});
