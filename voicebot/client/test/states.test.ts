// The states of a call: every transition of the table, and everything that is not in it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { FOLLOWS, isLive, isReturning, transition, type CallState, type StateName } from "../src/states.ts";

const NAMES = Object.keys(FOLLOWS) as StateName[];

/** A state of this name, with all that such a state knows. */
const state = (name: StateName, told = "") =>
  ({ name, closesAt: 0, retryAt: 0, reason: "full", problem: told }) as CallState;

/** The shortest way into a state. */
function wayTo(name: StateName): StateName[] {
  const ways: StateName[][] = [["waiting"]];
  for (const way of ways) {
    const last = way.at(-1)!;
    if (last === name) return way;
    for (const next of FOLLOWS[last]) if (!ways.some((known) => known.at(-1) === next)) ways.push([...way, next]);
  }
  throw new Error(`no way leads to ${name}`);
}

for (const from of NAMES) {
  test(`from ${from}: what the table has follows, and nothing else changes anything`, () => {
    for (const to of NAMES) {
      const [before, after] = [state(from, "before"), state(to, "after")];
      const allowed = FOLLOWS[from].includes(to);
      assert.equal(transition(before, after), allowed ? after : before, `${from} to ${to}`);
      assert.deepEqual(before, state(from, "before"), "a state is never written to");
    }
  });
}

test("every state can be reached from the first, step by step", () => {
  for (const name of NAMES) {
    let now = state("waiting");
    for (const step of wayTo(name).slice(1)) now = transition(now, state(step));
    assert.equal(now.name, name);
  }
});

test("nothing follows a goodbye or the end of a session but room for another one", () => {
  for (const last of ["ended", "over"] as const) {
    for (const late of NAMES.filter((name) => name !== "waiting")) assert.equal(transition(state(last), state(late)).name, last);
  }
});

test("a conversation can be ended from everywhere it goes on, and where it has come to a halt", () => {
  for (const name of NAMES.filter((other) => !["over", "ended"].includes(other))) {
    assert.equal(transition(state(name), state("ended")).name, "ended", name);
  }
});

test("a call begins by a press only: no event of a connection leads out of waiting or a halt", () => {
  const halted = NAMES.filter((name) => !isLive(state(name)));
  for (const name of halted) {
    assert.deepEqual(FOLLOWS[name].filter((next) => !["waiting", "connecting", "ended"].includes(next)), [], name);
  }
});

test("who is on the way back is live, and goes on listening", () => {
  const returning = NAMES.filter((name) => isReturning(state(name)));
  assert.deepEqual(returning, ["gone", "unavailable", "full"]);
  for (const name of returning) {
    assert.ok(isLive(state(name)));
    assert.ok(FOLLOWS[name].includes("listening"));
    assert.ok(!FOLLOWS[name].includes("speaking"), "a voice that comes late speaks for nobody");
  }
});
