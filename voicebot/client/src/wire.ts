// Pipecat's protobuf serializer, in order and with interruptions.

import { ProtobufFrameSerializer } from "@pipecat-ai/websocket-transport";

const INTERRUPTION = 0x2a; // field 5 of the frame, length-delimited: (5 << 3) | 2

/** Reads messages one after another: each is read asynchronously, and audio must not change places. */
export class OrderedSerializer extends ProtobufFrameSerializer {
  private readonly _onInterruption: () => void;
  private _last: Promise<unknown> = Promise.resolve();

  /** @param onInterruption called when the character's voice must fall silent at once */
  constructor(onInterruption: () => void) {
    super();
    this._onInterruption = onInterruption;
  }

  /** @param data a Blob */
  override deserialize(data: any) {
    const turn = Promise.all([this._read(data), this._last]).then(([frame]) => frame);
    this._last = turn.catch(() => undefined);
    return turn;
  }

  private async _read(blob: Blob): Promise<any> {
    const first = new Uint8Array(await blob.slice(0, 1).arrayBuffer())[0];
    if (first === INTERRUPTION) {
      this._onInterruption();
      return { type: "interruption" };
    }
    return super.deserialize(blob);
  }
}
