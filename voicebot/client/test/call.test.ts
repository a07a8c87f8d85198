// A call whose events come late, twice, or when nobody waits for them any more. Never a live microphone after a goodbye.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { browser, DEFAULTS, made, NOTHING, nothingLeft, over, renew, talking } from "./calls.ts";
import { settle, until } from "./fake-browser.ts";

const { Microphone } = await import("../src/microphone.ts");

const TALKING = { tracks: 1, sockets: 1, contexts: 2, locks: 1 };
const STEPS = ["player", "permission", "start", "socket", "recorder", "bot-ready"] as const;

beforeEach(renew);

for (const step of STEPS) {
  test(`ending while connecting, at ${step}: what comes later is let go, and the goodbye stays`, async () => {
    browser.hold(step);
    const call = made();
    const states: string[] = [];
    call.addEventListener("change", () => states.push(call.state));
    void call.begin();
    await browser.reached(step);
    void call.end();
    assert.equal(call.state, "ended", "at once, whatever the rest waits for");
    await browser.release();
    await nothingLeft();
    assert.equal(call.state, "ended");
    assert.ok(states.slice(states.indexOf("ended")).every((state) => state === "ended"), `${states}`);
    if (browser.asked("POST", "/api/start").length) await until(() => browser.asked("PATCH", "session-1").length === 1, "ended");
    assert.ok(browser.asked("PATCH", "session-1").length <= 1, "once");
  });

  test(`going away while connecting, at ${step}: nothing of it stays, and one may begin anew`, async () => {
    browser.hold(step);
    const call = made();
    void call.begin();
    await browser.reached(step);
    call.leavePage();
    assert.equal(call.state, "waiting");
    await browser.release();
    await nothingLeft();
    assert.equal(call.state, "waiting");
    void call.begin(); // out of the browser's memory of the page
    await until(() => call.state === "listening" && browser.live.tracks === 1, "listening");
    void call.end();
    await nothingLeft();
  });
}

test("going away in the permission prompt starts no session, whatever is answered then", async () => {
  for (const answer of ["", "NotAllowedError"]) {
    renew();
    browser.hold("permission");
    const call = made();
    void call.begin();
    await browser.reached("permission");
    call.leavePage();
    browser.refuses = answer;
    await browser.release();
    await nothingLeft();
    assert.deepEqual(browser.asked("POST", "/api/start"), []);
    assert.equal(call.microphone.refusal, "", "a refusal that comes late is nobody's");
  }
});

test("beginning twice begins once, and ending twice ends once", async () => {
  const call = made();
  void call.begin();
  void call.begin();
  await until(() => call.state === "listening" && browser.live.tracks === 1, "listening");
  await settle();
  assert.deepEqual(browser.live, TALKING);
  assert.equal(browser.asked("POST", "/api/start").length, 1);
  void call.end();
  void call.end();
  await nothingLeft();
  assert.ok(browser.asked("PATCH", "session-1").length <= 1);
});

test("the visitor is asked for the microphone once, and what was given is what is heard", async () => {
  const call = await talking();
  assert.equal(browser.tracks.length, 1);
  void call.end();
  await nothingLeft();
});

test("what was given for an open that does not come is let go", async () => {
  const microphone = new Microphone("recorder.js", () => undefined);
  const stay = new AbortController();
  await microphone.ask(DEFAULTS, stay.signal);
  await microphone.ask(DEFAULTS, stay.signal);
  assert.equal(browser.live.tracks, 1, "the newest");
  await microphone.open({ ...DEFAULTS, noise: false });
  assert.equal(browser.live.tracks, 1, "another wish is another microphone");
  microphone.close();
  await microphone.ask(DEFAULTS, stay.signal);
  stay.abort();
  assert.deepEqual(browser.live, NOTHING);
  await assert.rejects(microphone.ask(DEFAULTS, stay.signal));
  const muted = made();
  muted.mute(true);
  void muted.begin();
  await until(() => muted.state === "listening", "listening");
  await settle();
  assert.equal(browser.live.tracks, 0, "who is muted is not recorded");
  void muted.end();
  await nothingLeft();
});

for (const held of ["microphone", "recorder"] as const) {
  test(`changing the microphone twice at once, while the ${held} is awaited, leaves the newest alone`, async () => {
    const call = await talking();
    browser.hold(held);
    void call.adjust({ ...call.settings, noise: false });
    void call.adjust({ ...call.settings, echo: false });
    await browser.reached(held);
    await browser.release();
    await over(TALKING);
    const [open] = browser.tracks.filter((track) => track.readyState === "live");
    assert.equal(open.wish.noiseSuppression, false);
    assert.equal(open.wish.echoCancellation, false);
    void call.end();
    await nothingLeft();
  });

  test(`ending while the ${held} is changed leaves none`, async () => {
    const call = await talking();
    browser.hold(held);
    void call.adjust({ ...call.settings, noise: false });
    await browser.reached(held);
    void call.end();
    await browser.release();
    await nothingLeft();
  });
}

test("a goodbye lets the microphone go at once, also while the server has not answered", async () => {
  const call = await talking();
  browser.answers = false;
  const ended = call.end();
  assert.equal(browser.live.tracks, 0);
  assert.equal(browser.live.sockets, 1, "the socket carries the goodbye");
  browser.sockets[0].close(4410);
  await ended;
  await nothingLeft();
  assert.deepEqual(browser.asked("PATCH", "session-1"), [], "the socket has said it");
});

test("after a goodbye nobody is heard, asked or answered", async () => {
  const call = await talking();
  void call.end();
  await nothingLeft();
  const before = browser.tracks.length;
  call.mute(false);
  call.talk(true);
  void call.adjust({ ...call.settings, noise: false, mode: "push" });
  await call.retryMicrophone();
  await call.media.enableMic(true);
  call.onConnected();
  call.onState({ name: "gone", retryAt: 0 });
  call.callbacks.onBotReady?.({ version: "2.2.0" } as any);
  call.callbacks.onBotStartedSpeaking?.();
  call.callbacks.onUserStoppedSpeaking?.();
  call.onInterrupted();
  void call.begin();
  await settle();
  assert.equal(call.state, "ended");
  assert.equal(call.say("Hello?"), false);
  assert.equal(browser.tracks.length, before);
  assert.deepEqual(browser.live, NOTHING);
});

test("messages that come after their socket has gone, or twice, change nothing", async () => {
  const call = await talking();
  const [first] = browser.sockets;
  first.close(4409);
  first.close(4409);
  await until(() => call.state === "replaced", "replaced");
  first.says("bot-started-speaking", {});
  first.says("bot-ready", { version: "2.2.0" });
  await nothingLeft();
  assert.equal(call.state, "replaced");
  void call.begin();
  await until(() => call.state === "listening" && browser.live.tracks === 1, "listening");
  first.says("bot-started-speaking", {});
  await settle();
  assert.equal(call.state, "listening");
  browser.sockets[1].says("bot-started-speaking", {});
  await until(() => call.state === "speaking", "speaking");
  void call.end();
  await nothingLeft();
});

test("a line that is about to be closed says so while it is quiet only", async () => {
  const call = await talking();
  const [socket] = browser.sockets;
  socket.says("server-message", { type: "expiring", inSecs: 20 });
  await until(() => call.status.name === "listening" && call.status.closesAt > Date.now(), "it says so");
  socket.says("user-started-speaking", {});
  await until(() => call.status.name === "listening" && call.status.closesAt === 0, "it is quiet no more");
  socket.says("bot-started-speaking", {});
  socket.says("server-message", { type: "expiring", inSecs: 20 });
  await until(() => call.state === "speaking", "speaking");
  void call.end();
  await nothingLeft();
});

test("without a loudspeaker the character falls silent all the same", async () => {
  for (const speaker of [false, true]) {
    browser.speaker = speaker;
    const call = await talking();
    const socket = browser.sockets.at(-1)!;
    socket.says("bot-started-speaking", {});
    await until(() => call.state === "speaking", "speaking");
    socket.says("bot-stopped-speaking", {});
    await settle();
    assert.equal(call.state, speaker ? "speaking" : "listening", "else what is still to be heard is waited for");
    void call.end();
    await nothingLeft();
    renew();
  }
});

test("after a goodbye another conversation begins with one press, and takes nothing of the last along", async () => {
  const call = await talking();
  call.transcript.wrote("My parrot talks.");
  void call.end();
  call.renew();
  void call.begin(); // while the last one is still letting go
  await until(() => call.state === "listening" && browser.live.tracks === 1, "listening");
  await new Promise((resolve) => setTimeout(resolve, 80)); // the last voice's fade
  await over(TALKING);
  assert.equal(browser.asked("POST", "/api/start").length, 2);
  assert.deepEqual(call.transcript.entries, []);
  void call.end();
  await nothingLeft();
});

test("a conversation that follows another one says so at the start, and shows what was said", async () => {
  const call = await talking();
  const { session } = call;
  call.transcript.wrote("My parrot talks.");
  await call.end();
  call.renew(session);
  void call.begin();
  await until(() => call.state === "listening", "listening");
  const [, second] = browser.asked("POST", "/api/start");
  assert.equal(second.body.body.follows, session);
  assert.deepEqual(call.transcript.entries.map(({ text }) => text), ["My parrot talks."]);
  assert.deepEqual(call.transcript.turns, []);
  void call.end();
  await nothingLeft();
});
