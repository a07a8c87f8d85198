// Which line a connection begins on and is changed to, what is remembered of it, and a call's voice in the worklet.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import { LineChange } from "../src/line-change.ts";
import { LineMemory } from "../src/line-memory.ts";
import { race } from "../src/line-race.ts";
import { Talk } from "../src/talk.ts";

/** A promise that the test settles. */
function gate() {
  let open: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((resolve, reject) => ([open, fail] = [resolve, reject]));
  promise.catch(() => undefined);
  return { promise, open, fail };
}

/** A clock that moves when the test says so. */
function clock({ mock }: TestContext) {
  mock.timers.enable({ apis: ["setTimeout"] });
  return async (secs: number) => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
    mock.timers.tick(1000 * secs);
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
}

/** A race whose entrants do what the test says. */
function runners() {
  const made: string[] = [];
  const [callOpen, passes, socketOpen] = [gate(), gate(), gate()];
  const signals: Record<string, AbortSignal> = {};
  const entrants = {
    call: (signal: AbortSignal) => (made.push("call"), (signals.call = signal), { open: callOpen.promise, passes: passes.promise }),
    socket: (signal: AbortSignal) => (made.push("socket"), (signals.socket = signal), { open: socketOpen.promise }),
  };
  return { made, signals, callOpen, passes, socketOpen, entrants };
}

const never = () => new AbortController().signal;

test("a call that comes about in time serves, and no socket is opened beside it", async () => {
  const { made, callOpen, passes, entrants } = runners();
  const racing = race(entrants, null, never());
  passes.open();
  callOpen.open();
  assert.equal((await racing).kind, "webrtc");
  assert.deepEqual(made, ["call"]);
});

test("after a second without a packet the socket is tried as well, and the first that is ready serves", async (t) => {
  const pass = clock(t);
  const { made, signals, socketOpen, entrants } = runners();
  const racing = race(entrants, null, never());
  socketOpen.open();
  await pass(0.9);
  assert.deepEqual(made, ["call"]);
  await pass(0.2);
  const { kind, own } = await racing;
  assert.deepEqual([kind, made, signals.call.aborted, own.signal.aborted], ["websocket", ["call", "socket"], true, false]);
  const late = runners();
  const second = race(late.entrants, null, never());
  await pass(1.2);
  assert.deepEqual(late.made, ["call", "socket"]);
  late.callOpen.open();
  assert.equal((await second).kind, "webrtc");
  assert.equal(late.signals.socket.aborted, true);
});

test("a call whose packets pass is given the round trips that it needs, and no more", async (t) => {
  const pass = clock(t);
  const { made, passes, callOpen, entrants } = runners();
  const racing = race(entrants, null, never());
  passes.open();
  await pass(3.5);
  callOpen.open();
  assert.equal((await racing).kind, "webrtc");
  assert.deepEqual(made, ["call"]);
  const stuck = runners();
  const second = race(stuck.entrants, null, never());
  stuck.passes.open();
  stuck.socketOpen.open();
  await pass(4.1);
  assert.equal((await second).kind, "websocket");
});

test("a call that is refused costs no second, and one that failed here before none at all", async (t) => {
  clock(t); // which stands still
  const refused = runners();
  const racing = race(refused.entrants, null, never());
  refused.callOpen.fail(new Error("403"));
  refused.socketOpen.open();
  assert.equal((await racing).kind, "websocket");
  const known = runners();
  known.socketOpen.open();
  assert.equal((await race(known.entrants, "websocket", never())).kind, "websocket");
  assert.deepEqual(known.made, ["socket"]);
});

test("who leaves meanwhile is let go of, and where neither comes about the socket says why", async () => {
  const { signals, entrants } = runners();
  const stay = new AbortController();
  const racing = race(entrants, null, stay.signal);
  stay.abort(new Error("left"));
  await assert.rejects(racing, /left/);
  assert.equal(signals.call.aborted, true);
  const neither = runners();
  neither.callOpen.fail(new Error("no call"));
  neither.socketOpen.fail(new Error("closed with 4503"));
  await assert.rejects(race(neither.entrants, null, never()), /4503/);
});

test("what worked is remembered for each kind of network, for a day, whatever stands in the browser", () => {
  const kept = new Map<string, string>();
  const place = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
  let now = 1_000_000;
  const memory = new LineMemory(() => place, () => now);
  assert.equal(memory.recall("wifi"), null);
  memory.keep("websocket", "wifi");
  memory.keep("webrtc", "cellular");
  assert.deepEqual(["wifi", "cellular", ""].map((network) => memory.recall(network)), ["websocket", "webrtc", null]);
  now += 25 * 3600 * 1000;
  assert.equal(memory.recall("wifi"), null, "firewalls are opened");
  for (const nonsense of ["null", "[]", "{", '{"wifi": 3}', '{"wifi": {"line": "pigeon", "at": 1}}']) {
    kept.set("greenroom.lines", nonsense);
    assert.equal(memory.recall("wifi"), null, nonsense);
  }
  const closed = new LineMemory(() => {
    throw new Error("no storage here");
  });
  closed.keep("webrtc", "");
  assert.equal(closed.recall(""), null);
});

test("a bad socket is left in a quiet moment only, and a call that did not come about is not tried again soon", () => {
  const change = new LineChange();
  assert.equal(change.due(true, 0), false, "it does well");
  change.want();
  assert.deepEqual([change.due(false, 0), change.due(true, 0)], [false, true]);
  change.failed(0);
  assert.deepEqual([change.due(true, 29_000), change.due(true, 31_000)], [false, true]);
  change.failed(31_000);
  assert.equal(change.due(true, 31_000 + 59_000), false);
  change.changed();
  assert.equal(change.due(true, 1e9), false);
});

test("nobody speaks and nobody is waited for from the end of a reply to the next word", () => {
  const talk = new Talk();
  assert.equal(talk.rests(0), true);
  talk.note("user-started-speaking", 1000);
  talk.note("user-stopped-speaking", 3000);
  assert.equal(talk.rests(5000), false, "an answer is waited for");
  talk.note("bot-started-speaking", 5000);
  assert.equal(talk.rests(6000), false);
  talk.note("bot-stopped-speaking", 8000);
  assert.equal(talk.rests(8001), true);
  talk.note("send-text", 9000);
  assert.deepEqual([talk.rests(9500), talk.rests(40_000)], [false, true]);
});

test("what was on its way when a call's voice was cut off is not heard, and what comes after it is", async () => {
  const RATE_HZ = 48_000;
  let Live: any;
  const reports: any[] = [];
  Object.assign(globalThis, {
    sampleRate: RATE_HZ,
    AudioWorkletProcessor: class {
      port = { onmessage: null, postMessage: (report: any) => reports.push(report) };
    },
    registerProcessor: (_name: string, made: any) => (Live = made),
  });
  await import("../src/live-worklet.ts");
  const live = new Live();
  let at = 0;
  const play = (secs: number, level: number) => {
    const heard: number[] = [];
    for (let i = 0; i < secs * RATE_HZ; i += 128) {
      const sound = Float32Array.from({ length: 128 }, () => level * Math.sin(at++ * 0.05));
      const out = new Float32Array(128);
      live.process([[sound]], [[out, new Float32Array(128)]]);
      heard.push(...out);
    }
    return Math.max(...heard.map(Math.abs));
  };
  assert.ok(play(0.5, 0.3) > 0.29);
  assert.equal(reports.at(-1).playing, true);
  live.flush();
  play(0.01, 0.3); // the fade
  assert.equal(play(0.3, 0.3), 0, "it was on its way");
  assert.equal(reports.at(-1).playing, false);
  play(0.1, 0);
  assert.ok(play(0.2, 0.3) > 0.29, "the answer");
  play(0.5, 0);
  assert.equal(reports.at(-1).playing, false);
  live.flush(); // in silence there is nothing to drop
  assert.ok(play(0.1, 0.3) > 0.29);
});
