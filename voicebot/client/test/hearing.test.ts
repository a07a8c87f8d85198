// The recorder's resampler, and the guard against the character's own voice.

import assert from "node:assert/strict";
import { test } from "node:test";

import { EchoGuard } from "../src/echo.ts";

let RecorderClass: any;
Object.assign(globalThis, {
  sampleRate: 48_000,
  AudioWorkletProcessor: class {
    port = { postMessage: () => undefined };
  },
  registerProcessor: (_name: string, made: any) => {
    RecorderClass = made;
  },
});
const { Resampler } = await import("../src/resampler.ts");
await import("../src/recorder-worklet.ts");

/** A tone as it goes through the resampler; its level after the first moment. */
function through(fromHz: number, toneHz: number) {
  const resampler = new Resampler(fromHz);
  const out: number[] = [];
  for (let start = 0; start < fromHz; start += 128) {
    const block = Float32Array.from({ length: 128 }, (_, i) => Math.sin((2 * Math.PI * toneHz * (start + i)) / fromHz));
    resampler.take(block, (sample) => out.push(sample));
  }
  const steady = out.slice(1000);
  return { out, level: Math.sqrt(steady.reduce((sum, sample) => sum + sample * sample, 0) / steady.length) };
}

for (const rate of [22_050, 44_100, 48_000, 96_000, 47_999]) {
  test(`a microphone at ${rate} Hz comes out at 16 kHz, speech whole and what is above it gone`, () => {
    const { out, level } = through(rate, 1000);
    assert.ok(Math.abs(out.length - 16_000) < 100, `${out.length} samples`);
    assert.ok(Math.abs(level - Math.SQRT1_2) < 0.02, `1 kHz at ${level}`);
    if (rate > 24_000) assert.ok(through(rate, 12_000).level < 0.02, "12 kHz would fold down to 4 kHz");
  });
}

test("a microphone at 16 kHz comes out as it is", () => {
  const out: number[] = [];
  const input = Float32Array.from({ length: 1024 }, (_, i) => Math.sin(i * i));
  new Resampler(16_000).take(input, (sample) => out.push(sample));
  const delay = out.findIndex((sample) => Math.abs(sample - input[1]) < 1e-6) - 1;
  assert.ok(delay >= 0 && delay <= 24);
  for (let i = 0; i < 900; i++) assert.ok(Math.abs(out[i + delay] - input[i]) < 1e-6);
});

test("the audio thread makes no arrays while it records", () => {
  const recorder = new RecorderClass();
  const block = [[new Float32Array(128), new Float32Array(128)]];
  recorder.process(block); // the first may still find its size
  const ordinary = globalThis.Float32Array;
  let made = 0;
  Object.assign(globalThis, { Float32Array: class extends ordinary { constructor(...given: any[]) { super(...(given as [number])); made++; } } });
  const from = Array.from;
  Array.from = (...given: any[]) => { made++; return from(...(given as [any])); };
  try {
    for (let i = 0; i < 1000; i++) recorder.process(block);
  } finally {
    Object.assign(globalThis, { Float32Array: ordinary });
    Array.from = from;
  }
  assert.equal(made, 0);
});

test("a recorder posts chunks of 32 ms", () => {
  const recorder = new RecorderClass();
  const chunks: ArrayBuffer[] = [];
  recorder.port = { postMessage: (chunk: ArrayBuffer) => chunks.push(structuredClone(chunk)) };
  for (let block = 0; block < 375; block++) recorder.process([[new Float32Array(128), new Float32Array(128)]]);
  assert.ok(chunks.length >= 30 && chunks.length <= 31);
  assert.equal(chunks[0].byteLength, 1024);
});

const CHUNK_SECS = 0.032;

/** Loudness of speech: syllables of 0.1 to 0.3 s and pauses, drawn by a small generator of its own. */
function loudness(seed: number) {
  let state = seed;
  const random = () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
  const syllables: {until: number, level: number}[] = [];
  for (let at = 0; at < 30; ) {
    at += 0.1 + 0.2 * random();
    syllables.push({ until: at, level: random() < 0.25 ? 0.001 : 0.04 + 0.16 * random() });
  }
  return (at: number) => syllables.find((syllable) => at < syllable.until)?.level ?? 0;
}

/** Plays so many seconds through a guard; which chunks of the microphone were let through. */
function listen(secs: number, { coupling, delay, visitor = () => 0 }) {
  const guard = new EchoGuard();
  const voice = loudness(1);
  const let_through: boolean[] = [];
  let reported = 0;
  for (let at = 0; at < secs; at += CHUNK_SECS) {
    while (reported <= at) {
      guard.played(voice(reported), reported);
      reported += 0.05;
    }
    const echo = coupling * voice(Math.max(0, at - delay));
    let_through.push(guard.lets(Math.hypot(echo, visitor(at), 0.001), at));
  }
  return let_through;
}

for (const coupling of [0.05, 0.3, 0.9]) {
  for (const delay of [0.06, 0.15, 0.35]) {
    test(`a voice that comes back at ${coupling} after ${delay} s is not taken for the visitor`, () => {
      const letThrough = listen(8, { coupling, delay });
      const loud = letThrough.filter((let_, i) => let_ && coupling * loudness(1)(i * CHUNK_SECS - delay) > 0.01);
      // A chunk or two while nothing is known yet interrupt nobody: voice activity wants five in a row.
      assert.ok(loud.length <= 2, `${loud.length} chunks`);
    });
  }
}

test("whoever speaks over the voice, a little louder than it comes back, is heard", () => {
  const visitor = (at: number) => (at > 4 ? 2.5 * loudness(7)(at) : 0);
  const heard = listen(6, { coupling: 0.3, delay: 0.15, visitor }).slice(Math.ceil(4 / CHUNK_SECS));
  assert.ok(heard.filter(Boolean).length > heard.length / 3, `${heard.filter(Boolean).length} of ${heard.length}`);
});

test("whoever speaks over the character from its first word on is heard, where nothing comes back", () => {
  const heard = listen(4, { coupling: 0, delay: 0.1, visitor: loudness(7) });
  const loud = heard.slice(30).filter(Boolean).length / heard.slice(30).length;
  assert.ok(loud > 0.8, `${loud}`);
});

test("in silence everything is let through", () => {
  const guard = new EchoGuard();
  assert.ok(guard.lets(0.2, 1));
  guard.played(0.1, 1);
  assert.ok(guard.lets(0.2, 3), "long after the voice has ended");
});
