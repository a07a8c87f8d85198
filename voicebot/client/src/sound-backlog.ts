// The visitor's sound while the line stalls: bounded, and what is too old is dropped, not sent in a flood.

export const KEPT_SECS = 4; // a sentence, whose end it is that matters
const BYTES_PER_SEC = 2 * 16_000;

export class SoundBacklog {
  private readonly _chunks: ArrayBuffer[] = [];
  private _bytes = 0;

  /** What is kept, the oldest first. */
  get chunks(): readonly ArrayBuffer[] {
    return this._chunks;
  }

  /** @param chunk mono int16 at 16 kHz */
  add(chunk: ArrayBuffer) {
    this._chunks.push(chunk);
    this._bytes += chunk.byteLength;
    while (this._bytes > KEPT_SECS * BYTES_PER_SEC) this._bytes -= this._chunks.shift()!.byteLength;
  }
}
