// A call in a browser that pretends: what the tests of calls share.

import assert from "node:assert/strict";

import { FakeBrowser, settle, until } from "./fake-browser.ts";

export let browser = new FakeBrowser();
browser.install();
export const { Call } = await import("../src/call.ts");
export const { DEFAULTS } = await import("../src/settings.ts");

export const OPTIONS = {
  startUrl: "/api/start", sessionsUrl: "/api/sessions", workletUrl: "player.js", recorderUrl: "recorder.js",
  character: "marlow", session: "", draft: false, loadClient: () => import("../src/rtvi-client.ts"),
};
export const NOTHING = { tracks: 0, sockets: 0, contexts: 0, locks: 0 };

/** Another browser, in which nothing has happened. */
export function renew() {
  browser = new FakeBrowser();
  browser.install();
}

export const made = () => new Call(OPTIONS, { ...DEFAULTS });

export async function talking() {
  const call = made();
  void call.begin();
  await until(() => call.state === "listening" && browser.live.tracks === 1, "listening");
  await settle();
  return call;
}

export const over = (left = NOTHING) =>
  until(() => JSON.stringify(browser.live) === JSON.stringify(left), `${JSON.stringify(left)} is left`);

/** Waits for the player's fade as well, which a clock measures. */
export async function nothingLeft() {
  await new Promise((resolve) => setTimeout(resolve, 80));
  await over();
  await settle();
  assert.deepEqual(browser.live, NOTHING);
}
