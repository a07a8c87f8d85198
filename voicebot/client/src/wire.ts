// Pipecat's protobuf serializer, in order and with interruptions.

import { ProtobufFrameSerializer } from "@pipecat-ai/websocket-transport";

// Tags of Pipecat's frames.proto, (field << 3) | kind: 0 is a number, 2 has a length.
const AUDIO = 0x12;
const INTERRUPTION = 0x2a;
const [PCM, RATE, SENT] = [0x1a, 0x20, 0x30];

/** A piece of the character's voice. */
export interface AudioFrame {
  readonly type: "audio";
  /** Mono. */
  readonly audio: Int16Array;
  readonly rateHz: number;
  /** When the server began to send it, in milliseconds of its own clock; null where it does not say. */
  readonly sentAt: number | null;
  /** Of the whole message. */
  readonly bytes: number;
}

/** Reads what Pipecat's own serializer leaves out: at which rate a frame of audio is, and when it was sent. */
export function readAudio(message: Uint8Array): AudioFrame {
  let at = 0;
  const number = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++];
      value += (byte & 0x7f) * scale;
      if (!(byte & 0x80)) return value;
    }
  };
  at++;
  number(); // the length of the one field there is
  let audio = new Int16Array();
  let rateHz = 0;
  let sentAt: number | null = null;
  while (at < message.length) {
    const tag = message[at++];
    const value = number();
    if (tag === PCM) audio = new Int16Array(message.slice(at, at + value - (value % 2)).buffer);
    else if (tag === RATE) rateHz = value;
    else if (tag === SENT) sentAt = value / 1e6;
    if (tag % 8 === 2) at += value;
  }
  return { type: "audio", audio, rateHz, sentAt, bytes: message.length };
}

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
    return first === AUDIO ? readAudio(new Uint8Array(await blob.arrayBuffer())) : super.deserialize(blob);
  }
}
