// What the end of a connection means, the heartbeat, and waits that a signal ends.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { abortable, childOf, pause, within } from "../src/abort.ts";
import { backoffSecs, CODES, meaningOf, meaningOfRefusal, stateAfter } from "../src/closing.ts";
import { Heartbeat } from "../src/heartbeat.ts";
import { KEPT_SECS, SoundBacklog } from "../src/sound-backlog.ts";
import { FOLLOWS, isReturning } from "../src/states.ts";
import { actionWords, stateWords } from "../src/words.ts";

const STRANGER = { begun: false, draining: false };
const VISITOR = { begun: true, draining: false };
const ABOUT = { name: "Ada", muted: false, available: true, push: false, talking: false, silent: false, now: 0 };
const PROTOCOL = readFileSync("../../docs/protocol.md", "utf8"); // scripts/client.sh runs in voicebot/client;

test("every close code of docs/protocol.md is known to the page, and the other way round", () => {
  const rows = [...PROTOCOL.matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, codes]) => codes.split(",").map(Number));
  assert.ok(rows.length >= 12, `${rows}`);
  for (const code of rows) assert.ok(CODES[code], `${code} is in the protocol and not in closing.ts`);
  const ours = Object.keys(CODES).map(Number).filter((code) => code >= 4000);
  assert.deepEqual(ours.filter((code) => !rows.includes(code)), []);
});

test("whatever closes a connection leads to a state that says so and, if nothing goes on, to an action", () => {
  for (const where of [STRANGER, VISITOR, { begun: true, draining: true }]) {
    for (const code of [...Object.keys(CODES).map(Number), 1015, 4100]) {
      const meaning = meaningOf(code, where);
      const state = stateAfter(meaning, 3000);
      assert.ok(stateWords(state, ABOUT), `${code}`);
      assert.equal(meaning.again === "never", !isReturning(state), `${code}: ${state.name}`);
      if (meaning.again === "never") assert.ok(actionWords(state), `${code}: a next step`);
      assert.ok(FOLLOWS.connecting.includes(state.name), `${code} while connecting`);
      assert.ok(FOLLOWS.speaking.includes(state.name), `${code} in a conversation`);
    }
  }
});

test("away is told apart from full, and each from a lost line", () => {
  assert.deepEqual([meaningOf(4504, STRANGER), meaningOfRefusal(refused(503, "full"), STRANGER), meaningOf(1006, STRANGER)].map((m) => m.state), [
    "unavailable",
    "full",
    "gone",
  ]);
  assert.equal(meaningOf(4503, STRANGER).again, "some", "a character without a voice may never have one");
  assert.deepEqual(
    [meaningOf(4503, { begun: true, draining: true })].map(({ again, reason }) => [again, reason]),
    [["always", "draining"]],
  );
  const words = (["unavailable", "draining", "full"] as const).map((reason) =>
    stateWords({ name: "unavailable", retryAt: 3000, reason }, ABOUT),
  );
  assert.equal(new Set([...words, stateWords({ name: "gone", retryAt: 3000 }, ABOUT)]).size, 4);
});

const refused = (status: number, code = "", retryAfterSecs = 0) => ({ status, code, message: "m", retryAfterSecs });

test("what passes by itself is waited for as long as it takes, what does not is told", () => {
  for (const code of ["unavailable", "draining"]) {
    const meaning = meaningOfRefusal(refused(503, code, 5), STRANGER);
    assert.deepEqual([meaning.state, meaning.again, meaning.retryAfterSecs], ["unavailable", "always", 5]);
  }
  for (const status of [502, 503, 504]) assert.equal(meaningOfRefusal(refused(status), STRANGER).again, "always");
  assert.deepEqual(stateAfter(meaningOfRefusal(refused(503, "full"), STRANGER), 3000), { name: "full", retryAt: 3000 });
  assert.equal(meaningOfRefusal(refused(503, "full"), STRANGER).again, "always", "a seat will be free");
  assert.equal(meaningOfRefusal(refused(503, "full"), VISITOR).again, "always", "who has talked already comes back");
  assert.equal(meaningOfRefusal(refused(503, "unreadable"), VISITOR).state, "over", "no waiting opens it");
  assert.equal(meaningOfRefusal(refused(500), VISITOR).again, "always");
  assert.equal(meaningOf(1011, VISITOR).again, "some");
  for (const status of [403, 404, 409]) assert.equal(meaningOfRefusal(refused(status), VISITOR).state, "over");
  assert.equal(meaningOfRefusal(refused(429, "too_many_starts", 60), STRANGER).again, "always", "over in a minute");
  assert.equal(meaningOfRefusal(refused(429, "too_many_starts", 60), VISITOR).again, "always");
  assert.equal(meaningOfRefusal(refused(429, "day_used_up", 40_000), VISITOR).again, "never");
});

test("tries follow one another while a server restarts, then come further and further apart, each page at its own moment", () => {
  const even = () => 0.5;
  const waits = Array.from({ length: 16 }, (_, tries) => backoffSecs(tries, 0, even));
  assert.deepEqual(waits, [...waits].sort((a, b) => a - b));
  assert.equal(waits.at(-1), 15);
  const restart = waits.filter((_, tries) => waits.slice(0, tries).reduce((a, b) => a + b, 0) < 20);
  assert.ok(Math.max(...restart) <= 2, `a server that is back within 20 s waits for no page: ${waits}`);
  for (const tries of [0, 3, 9]) {
    const [early, late] = [backoffSecs(tries, 0, () => 0), backoffSecs(tries, 0, () => 1)];
    assert.ok(late > 1.5 * early && late < 20);
  }
  assert.ok(backoffSecs(0, 30, () => 0) >= 30, "not before the server wants");
});

/** A heartbeat on a clock of its own, and a look at it every second. */
function heartbeat() {
  const found = { now: 1000, asked: [] as number[], deadAt: 0, stalled: [] as [boolean, number][], stop: new AbortController(), secs: (_n: number) => undefined };
  const made = new Heartbeat(
    {
      ask: async () => void found.asked.push(found.now),
      onStalled: (stalled) => void found.stalled.push([stalled, found.now]),
      onDead: () => {
        found.deadAt = found.now;
        found.stop.abort();
      },
    },
    found.stop.signal,
    () => found.now,
  );
  found.secs = (count) => {
    for (let i = 0; i < 4 * count; i++) {
      found.now += 250;
      made.look();
    }
  };
  return { found, made };
}

test("a line that brings nothing is asked, and given up well within thirty seconds", () => {
  const { found } = heartbeat();
  found.secs(60);
  assert.ok(found.asked.length >= 2, "a question may be missed");
  assert.ok(found.deadAt > 0 && found.deadAt - 1000 <= 25_000, `${found.deadAt}`);
});

test("a quiet line that answers is kept, and one that brings something is not asked at all", () => {
  const quiet = heartbeat();
  for (let i = 0; i < 100; i++) {
    quiet.found.secs(1);
    if (quiet.found.asked.length) quiet.made.received();
  }
  assert.equal(quiet.found.deadAt, 0);
  const busy = heartbeat();
  for (let i = 0; i < 100; i++) {
    busy.found.secs(1);
    busy.made.received();
  }
  assert.deepEqual([busy.found.deadAt, busy.found.asked.length], [0, 0]);
});

test("a stall is told within three seconds, once, and so is its end", () => {
  const { found, made } = heartbeat();
  found.secs(10);
  assert.equal(found.stalled.length, 1);
  assert.ok(found.stalled[0][0] && found.stalled[0][1] - 1000 <= 3000, `${found.stalled[0]}`);
  made.received();
  assert.deepEqual(found.stalled[1], [false, found.now]);
  assert.equal(found.deadAt, 0);
});

test("a page that is looked at seldom takes no late look for a stall", () => {
  const { found, made } = heartbeat();
  for (let i = 0; i < 20; i++) {
    found.now += 60_000; // as browsers slow the timers of a hidden page
    made.look();
    made.received(); // the answer, before the next look
  }
  assert.deepEqual([found.stalled, found.deadAt], [[], 0]);
});

test("of the sound of a stall the newest seconds are kept, and no more", () => {
  const backlog = new SoundBacklog();
  for (let i = 0; i < 1000; i++) backlog.add(new Uint16Array([i, ...new Array(511)]).buffer);
  const kept = backlog.chunks.map((chunk) => new Uint16Array(chunk)[0]);
  assert.equal(kept.at(-1), 999);
  assert.ok(kept.length * 0.032 <= KEPT_SECS && kept.length * 0.032 > KEPT_SECS - 0.1, `${kept.length}`);
});

test("where the network has changed it is asked at once and given up sooner", async () => {
  const { found, made } = heartbeat();
  made.hurry();
  await Promise.resolve();
  assert.equal(found.asked.length, 1);
  found.secs(10);
  assert.ok(found.deadAt > 0 && found.deadAt - 1000 <= 6000, `${found.deadAt}`);
});

test("what a signal has ended does not go on, and what comes late is let go", async () => {
  const stop = new AbortController();
  let give: (value: string) => void = () => undefined;
  const late = [];
  const waiting = abortable(new Promise((resolve) => (give = resolve)), stop.signal, (value) => late.push(value));
  stop.abort(new Error("left"));
  await assert.rejects(waiting, /left/);
  give("microphone");
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(late, ["microphone"]);
  await assert.rejects(abortable(Promise.resolve(1), stop.signal), /left/);
  await assert.rejects(pause(60, stop.signal), /left/);
  assert.ok(childOf(stop.signal).signal.aborted);
  await assert.rejects(within(new Promise(() => undefined), 0.01), /late/);
});

test("a wait ends early where something wakes it, and sets nothing up any longer", async () => {
  let armed: AbortSignal | undefined;
  await pause(60, undefined, (wake, until) => {
    armed = until;
    setImmediate(wake);
  });
  assert.ok(armed?.aborted);
});
