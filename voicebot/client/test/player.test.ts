// The player worklet, run by hand: time is counted in samples, so every case comes out the same each time.

import assert from "node:assert/strict";
import { test } from "node:test";

const RATE_HZ = 24_000;
const CHUNK = 960; // 40 ms, as the server sends
const BLOCK = 128;

let PlayerClass: any;
Object.assign(globalThis, {
  sampleRate: RATE_HZ,
  AudioWorkletProcessor: class {
    port = { onmessage: null, postMessage: (report: any) => reports.push(report) };
  },
  registerProcessor: (_name: string, made: any) => {
    PlayerClass = made;
  },
});
const reports: any[] = [];
await import("../src/player-worklet.ts");

/** A tone of so many chunks. */
function tone(chunks: number) {
  return Array.from({ length: chunks }, (_, number) =>
    Int16Array.from({ length: CHUNK }, (_, i) => 9000 * Math.sin(((number * CHUNK + i) * 2 * Math.PI * 220) / RATE_HZ)),
  );
}

/**
 * Plays chunks that arrive at given times; returns what was heard.
 * @param arrivals in seconds
 */
function play(arrivals: {at: number, message: any}[], secs: number) {
  const player = new PlayerClass();
  const heard = new Float32Array(Math.ceil((secs * RATE_HZ) / BLOCK) * BLOCK);
  const queue = [...arrivals].sort((a, b) => a.at - b.at);
  for (let start = 0; start < heard.length; start += BLOCK) {
    while (queue.length && queue[0].at * RATE_HZ <= start) player.receive(queue.shift()?.message);
    const left = new Float32Array(BLOCK);
    player.process([], [[left, new Float32Array(BLOCK)]]);
    heard.set(left, start);
  }
  return { player, heard };
}

/** The largest step between neighbouring samples: a click is a large one. */
function steepest(samples: Float32Array) {
  let step = 0;
  for (let i = 1; i < samples.length; i++) step = Math.max(step, Math.abs(samples[i] - samples[i - 1]));
  return step;
}

const STEEP = (9000 / 32768) * ((2 * Math.PI * 220) / RATE_HZ) * 1.6; // of the tone itself, and of its fades

/** When chunks arrive over a link: 0.2 s ahead of real time, each late by up to `jitter` seconds. */
function over(jitter: number, chunks: Int16Array[]) {
  let last = 0;
  return chunks.map((pcm, number) => {
    const sent = Math.max(0, number * 0.04 - 0.2);
    const late = jitter * Math.abs(Math.sin(number * 12.9898) * 43758.5453 % 1);
    last = Math.max(last, sent + late); // a socket keeps the order
    return { at: last, message: { pcm } };
  });
}

for (const jitter of [0, 0.05, 0.15]) {
  test(`an utterance plays without a gap or a click over a link that jitters by ${jitter} s`, () => {
    const { player, heard } = play(over(jitter, tone(50)), 3);
    assert.equal(player.gaps, 1, "its end");
    assert.ok(steepest(heard) < STEEP, `a click of ${steepest(heard)}`);
    const audible = heard.filter((sample) => Math.abs(sample) > 0.001).length;
    assert.ok(audible > 0.97 * 50 * CHUNK * 0.99, `${audible} of ${50 * CHUNK} samples`);
  });
}

test("the voice falls silent within a hundredth of a second when the visitor speaks, without a click", () => {
  const arrivals = [...over(0, tone(50)), { at: 0.5, message: { flush: true } }];
  const { player, heard } = play(arrivals.filter(({ at }) => at <= 0.5), 1.5);
  const loud = heard.findLastIndex((sample) => Math.abs(sample) > 0.001);
  assert.ok(loud / RATE_HZ < 0.51, `until ${loud / RATE_HZ} s`);
  assert.ok(steepest(heard) < STEEP);
  assert.equal(player.buffered, 0);
});

test("after an interruption the next utterance is heard", () => {
  const again = tone(10).map((pcm, number) => ({ at: 1 + number * 0.04, message: { pcm } }));
  const first = over(0, tone(20)).filter(({ at }) => at < 0.3);
  const { heard } = play([...first, { at: 0.3, message: { flush: true } }, ...again], 2);
  assert.ok(heard.slice(RATE_HZ).some((sample) => Math.abs(sample) > 0.2));
});

test("a word shorter than the cushion is played all the same", () => {
  const { heard } = play([{ at: 0, message: { pcm: tone(1)[0] } }], 0.5);
  assert.ok(heard.some((sample) => Math.abs(sample) > 0.2));
});

test("a chunk of nothing, such as a resampler's first, is no sound", () => {
  const [first, second] = tone(2).map((pcm) => ({ at: 0, message: { pcm } }));
  const { heard } = play([first, { at: 0, message: { pcm: new Int16Array() } }, second], 0.5);
  assert.ok(heard.every((sample) => !Number.isNaN(sample)));
  assert.ok(heard.filter((sample) => Math.abs(sample) > 0.001).length > 1.8 * CHUNK);
});

test("a cushion that grows is waited for by the next utterance", () => {
  const begins = [0.12, 0.6].map((cushionSecs) => {
    const slowly = tone(20).map((pcm, number) => ({ at: 0.1 + number * 0.04, message: { pcm } }));
    const { heard } = play([{ at: 0, message: { cushionSecs } }, ...slowly], 1.5);
    return heard.findIndex((sample) => Math.abs(sample) > 0.001) / RATE_HZ;
  });
  assert.ok(Math.abs(begins[1] - begins[0] - 0.48) < 0.05, `${begins} s`);
});

test("the page is told how loud it is and how much was heard", () => {
  reports.length = 0;
  play(over(0, tone(25)), 1.5);
  assert.ok(reports.some((report) => report.playing && report.level > 0.15));
  assert.ok(reports.at(-1).heard > 0.8 * 25 * CHUNK);
});
