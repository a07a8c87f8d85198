// The character's voice where a page has no worklets, as over http: each piece of it begins where the last one ends.

import type { PlayerReport } from "./player.ts";

const CUSHION_SECS = 0.08; // waited for before the first sample of an utterance, and after running dry
const FADE_SECS = 0.005;
const REPORT_MS = 50;
const AUDIBLE = 0.015;

/** A piece of the voice, in the context's time. */
interface Piece {
  readonly source: AudioBufferSourceNode;
  readonly startSecs: number;
  readonly endSecs: number;
  readonly level: number;
  /** Samples that can be heard. */
  readonly audible: number;
}

/** Plays PCM as it arrives, like the worklet, though the page's own work may hold it up. */
export class ScheduledVoice {
  private readonly _context: AudioContext;
  private readonly _target: AudioNode;
  private readonly _onReport: (report: PlayerReport) => void;
  private readonly _timer: ReturnType<typeof setInterval>;
  private _gain: GainNode;
  private _pieces: Piece[] = []; // the oldest first
  private _takenSecs = 0; // that were ever to be played
  private _heard = 0;
  private _gaps = 0;
  private _dry = true; // all that came has been played

  /** @param onReport called every 50 ms */
  constructor(context: AudioContext, target: AudioNode, onReport: (report: PlayerReport) => void) {
    this._context = context;
    this._target = target;
    this._onReport = onReport;
    this._gain = this._newGain();
    this._timer = setInterval(() => this._report(), REPORT_MS);
  }

  private _newGain() {
    const gain = this._context.createGain();
    gain.connect(this._target);
    return gain;
  }

  private get _endSecs() {
    return this._pieces.at(-1)?.endSecs ?? 0;
  }

  /** @param pcm mono, at the context's rate */
  play(pcm: Int16Array) {
    if (!pcm.length) return;
    const { currentTime, sampleRate } = this._context;
    const samples = Float32Array.from(pcm, (sample) => sample / 0x8000);
    let energy = 0;
    let audible = 0;
    for (const sample of samples) {
      energy += sample * sample;
      if (Math.abs(sample) > AUDIBLE) audible++;
    }
    const buffer = this._context.createBuffer(1, samples.length, sampleRate);
    buffer.copyToChannel(samples, 0);
    const source = this._context.createBufferSource();
    source.buffer = buffer;
    source.connect(this._gain);
    const startSecs = this._endSecs > currentTime ? this._endSecs : currentTime + CUSHION_SECS;
    source.start(startSecs);
    const endSecs = startSecs + samples.length / sampleRate;
    this._pieces.push({ source, startSecs, endSecs, audible, level: Math.sqrt(energy / samples.length) });
    this._takenSecs += samples.length / sampleRate;
    this._dry = false;
  }

  /** Drops everything that is not yet heard. */
  flush() {
    const now = this._context.currentTime;
    const { gain } = this._gain;
    gain.setValueAtTime(1, now);
    gain.linearRampToValueAtTime(0, now + FADE_SECS);
    for (const { source } of this._pieces) source.stop(now + FADE_SECS);
    this._pieces = [];
    this._dry = true;
    this._gain = this._newGain(); // what comes next does not wait for the fade
  }

  close() {
    this.flush();
    clearInterval(this._timer);
  }

  private _report() {
    const now = this._context.currentTime;
    while (this._pieces.length && this._pieces[0].endSecs <= now) this._heard += this._pieces.shift()!.audible;
    const present = this._pieces.at(0);
    if (!present && !this._dry) {
      this._dry = true;
      this._gaps++;
    }
    const playing = present !== undefined && present.startSecs <= now;
    this._onReport({
      level: playing ? present.level : 0,
      playing,
      bufferedSecs: Math.max(0, this._endSecs - now),
      positionSecs: this._takenSecs - Math.max(0, this._endSecs - now),
      heard: this._heard,
      gaps: this._gaps,
      gapSecs: 0, // not measured here
    });
  }
}
