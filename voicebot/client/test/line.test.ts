// The rate of the sound and the player's cushion, on lines that are computed: every packet comes when it has to.

import assert from "node:assert/strict";
import { test } from "node:test";

import { LineGauge, pageCapacity } from "../src/line-gauge.ts";
import { LineRate, need, rateFor, type RateHz } from "../src/line-rate.ts";
import { LineWatch } from "../src/line-watch.ts";
import { readAudio } from "../src/wire.ts";

const PACKET_SECS = 0.08;
const LEAD_SECS = 0.2;

interface LineOptions {
  /** Bytes in a second. */
  readonly carries?: (atSecs: number) => number;
  /** How much later than usual a packet comes. */
  readonly jitter?: (packet: number) => number;
  /** For how long the page has no time to read, from the first packet of a reply on. */
  readonly page?: (packet: number) => number;
}

/** Speaks for so long over a line of 50 ms; when each rate was asked for, and the cushion at the end. */
function speak(secs: number, { carries = () => 1e7, jitter = () => 0, page = () => 0 }: LineOptions, rate = new LineRate()) {
  const changes: { at: number; hz: RateHz }[] = [];
  const cushions: number[] = [];
  let hz = rate.hz;
  let free = 0; // when the line has carried what it was given
  let last = 0;
  let lookedAt = 0;
  const REPLY = 50; // packets; then a pause
  for (let packet = 0; packet * PACKET_SECS < secs; packet++) {
    const reply = Math.floor(packet / REPLY);
    const into = (packet % REPLY) * PACKET_SECS;
    const sent = reply * (REPLY * PACKET_SECS + 1) + Math.max(0, into - LEAD_SECS);
    for (; lookedAt < sent; lookedAt++) {
      if (rate.look(0, lookedAt * 1000)) changes.push({ at: lookedAt, hz: rate.hz });
      hz = rate.hz;
    }
    if (!hz) continue;
    const bytes = 2 * hz * PACKET_SECS + 20;
    free = Math.max(free, sent) + bytes / carries(sent);
    const begins = reply * (REPLY * PACKET_SECS + 1) + 0.05;
    last = Math.max(last, free + 0.05 + jitter(packet), begins + page(packet)); // a socket keeps the order
    rate.gauge.take({ sentAt: 5000 + sent * 1000, at: last * 1000, bytes });
    if (rate.arrived(last * 1000)) changes.push({ at: last, hz: rate.hz });
    hz = rate.hz; // heard at once, which is no worse than what a test has to show
    cushions.push(rate.cushionSecs(0.03, last * 1000));
  }
  return { rate, changes, cushions };
}

const kbit = (amount: number) => () => (amount * 1000) / 8;

test("a line that carries everything changes nothing", () => {
  const { changes, cushions } = speak(120, {});
  assert.deepEqual(changes, []);
  assert.ok(cushions.every((secs) => secs < 0.15));
});

for (const [amount, hz] of [[512, 24_000], [330, 16_000], [256, 8_000], [64, 0]] as const) {
  test(`a line of ${amount} kbit/s carries ${hz} Hz, and that shows within a second and a half`, () => {
    const { rate, changes } = speak(60, { carries: kbit(amount) });
    assert.equal(rate.hz, hz);
    assert.ok(changes.length <= 1, JSON.stringify(changes));
    for (const { at } of changes) assert.ok(at < 1.5, `${at} s`);
  });
}

test("a rate goes up again when the line is well, and not before", () => {
  const { rate, changes } = speak(120, { carries: (at) => (at < 40 ? 31_000 : 1e7) });
  assert.deepEqual(changes.map(({ hz }) => hz), [8000, 16_000, 24_000]);
  assert.ok(changes[1].at >= 40 && changes[2].at < 100, JSON.stringify(changes));
  assert.equal(rate.hz, 24_000);
});

test("packets that come late now and then are waited for, and cost no quality", () => {
  const { changes, cushions } = speak(60, { jitter: (packet) => (packet % 40 === 20 ? 0.25 : 0.01 * (packet % 3)) });
  assert.deepEqual(changes, []);
  assert.ok(cushions.at(-1)! > 0.3 && cushions.at(-1)! < 0.4, `${cushions.at(-1)} s`);
});

test("the cushion grows with the jitter, and shrinks again", () => {
  const { cushions } = speak(180, { jitter: (packet) => (packet < 600 && packet % 25 === 20 ? 0.3 : 0) });
  assert.ok(cushions[10] < 0.15, `at first ${cushions[10]} s`);
  assert.ok(Math.max(...cushions) > 0.38 && Math.max(...cushions) <= 1);
  assert.ok(cushions.at(-1)! < 0.15, `in the end ${cushions.at(-1)} s`);
});

test("packets that a busy page reads together are no reason to go up", () => {
  // Half of the replies begin while the page does something else for a quarter of a second.
  const { changes } = speak(180, { carries: kbit(256), page: (packet) => (packet % 100 < 4 ? 0.25 : 0) });
  assert.deepEqual(changes.map(({ hz }) => hz), [16_000, 8000]);
});

test("a server that is far away is no thin line: TCP waits for its first acknowledgements", () => {
  // Ten segments go at once, then twice as many with each round trip of 0.6 s; each reply begins so.
  const { changes } = speak(60, { jitter: (packet) => (packet % 50 < 3 ? 0 : Math.max(0, 0.56 - 0.08 * ((packet % 50) - 3))) });
  assert.deepEqual(changes, []);
  assert.equal(new LineRate(40_000).hz, 24_000, "nor does a page say so that was loaded in steps");
  assert.equal(new LineRate(30_000).hz, 8000);
});

test("a line that stalls again and again is given less to carry", () => {
  const { changes } = speak(60, { jitter: (packet) => (packet % 30 === 25 ? 1.3 : 0) });
  assert.deepEqual(changes.map(({ hz }) => hz).slice(0, 2), [16_000, 8000]);
});

test("the further away the server is, the more is waited for, as TCP stands still for a round trip", () => {
  const rate = new LineRate();
  assert.deepEqual([0, 0.04, 0.16, 0.6].map((secs) => rate.cushionSecs(secs, 0).toFixed(2)), ["0.12", "0.14", "0.40", "1.00"]);
});

test("sound of the visitor's that waits makes the rate fall, and in the end there is none", () => {
  const rate = new LineRate();
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6].map((at) => rate.look(1.5, at * 1000) && rate.hz), [false, false, 8000, false, false, 0, false]);
  const late = new LineRate();
  assert.deepEqual([0, 2, 0, 2, 2, 2, 2].map((secs, at) => late.answered(secs, at * 1000) && late.hz), [
    false, false, false, false, 8000, false, false, // a server that is slow is no line without sound
  ]);
  assert.deepEqual([4, 4].map((secs, at) => late.answered(secs, 7000 + at * 1000) && late.hz), [false, 0]);
});

test("what is loaded of the page tells how much the line carries, and what was there already does not", () => {
  const entry = (bytes: number, ms: number, transferSize = bytes, connectMs = 0) => ({
    transferSize, encodedBodySize: bytes, responseStart: 100, responseEnd: 100 + ms,
    connectStart: 10, connectEnd: 10 + connectMs, secureConnectionStart: 0,
  });
  assert.equal(pageCapacity([]), Infinity);
  assert.equal(pageCapacity([entry(60_000, 1, 0), entry(900, 1000)]), Infinity);
  assert.equal(rateFor(pageCapacity([entry(60_000, 7500), entry(20_000, 3000)])), 0);
  assert.equal(rateFor(pageCapacity([entry(60_000, 7500), entry(20_000, 10)])), 24_000, "the best is what it can");
  const far = [entry(60_000, 1250, 60_000, 600), entry(20_000, 650)]; // in steps, a round trip of 0.6 s each
  assert.equal(rateFor(pageCapacity(far)), 24_000, "a server that is far away");
  for (const hz of [24_000, 16_000, 8000]) assert.equal(rateFor(need(hz)), hz);
});

test("a conversation in writing probes the line, and has sound again when that carries it", async () => {
  let now = 0;
  let msPerProbe = 250; // 2000 bytes at 64 kbit/s
  const waiting: (() => void)[] = [];
  const asked: number[] = [];
  const line = {
    ping: (bytes: number) => (asked.push(bytes), new Promise<void>((done) => waiting.push(done))),
    waitingSecs: () => 0,
    onRate: (hz: number) => void rates.push(hz),
    onCushion: () => undefined,
  };
  const rates: number[] = [];
  const rate = new LineRate(8000);
  assert.equal(rate.hz, 0);
  const watch = new LineWatch(line, rate, new AbortController().signal, () => now);
  const second = async () => {
    now += 1000;
    watch.look();
    for (const done of waiting.splice(0)) {
      now += msPerProbe;
      done();
      for (let i = 0; i < 5; i++) await Promise.resolve();
    }
  };
  for (let i = 0; i < 40; i++) await second();
  assert.equal(rate.hz, 0, "64 kbit/s carry no sound");
  assert.deepEqual([...new Set(asked)], [2000]);
  assert.ok(asked.length <= 12, `${asked.length} probes in 40 s`);
  msPerProbe = 2;
  for (let i = 0; i < 60 && !rates.length; i++) await second();
  assert.deepEqual(rates, [8000]);
});

test("an audio frame is read with its rate and the time at which it was sent", () => {
  // As Pipecat's protobuf has it: audio (field 2) of pcm (3), sample_rate (4), num_channels (5), pts (6).
  const message = Uint8Array.from([0x12, 17, 0x1a, 4, 1, 0, 0xff, 0xff, 0x20, 0xc0, 0x3e, 0x28, 1, 0x30, 0x80, 0x89, 0x7a, 0, 0].slice(0, 17));
  message[1] = message.length - 2;
  const { audio, rateHz, sentAt } = readAudio(message);
  assert.deepEqual([[...audio], rateHz, sentAt], [[1, -1], 8000, 2]);
});
