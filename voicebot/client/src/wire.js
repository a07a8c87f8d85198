// Pipecat's protobuf serializer, in order and with interruptions.

import { ProtobufFrameSerializer } from "@pipecat-ai/websocket-transport";

const INTERRUPTION = 0x2a; // field 5 of the frame, length-delimited: (5 << 3) | 2

/** Reads messages one after another: each is read asynchronously, and audio must not change places. */
export class OrderedSerializer extends ProtobufFrameSerializer {
  /** @param {() => void} onInterruption called when the character's voice must fall silent at once */
  constructor(onInterruption) {
    super();
    this._onInterruption = onInterruption;
    /** @type {Promise<unknown>} */
    this._last = Promise.resolve();
  }

  /** @param {any} data a Blob */
  deserialize(data) {
    const turn = Promise.all([this._read(data), this._last]).then(([frame]) => frame);
    this._last = turn.catch(() => undefined);
    return turn;
  }

  /**
   * @param {Blob} blob
   * @returns {Promise<any>}
   */
  async _read(blob) {
    const first = new Uint8Array(await blob.slice(0, 1).arrayBuffer())[0];
    if (first === INTERRUPTION) {
      this._onInterruption();
      return { type: "interruption" };
    }
    return super.deserialize(blob);
  }
}
