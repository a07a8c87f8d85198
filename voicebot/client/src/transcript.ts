// What was said, as the page knows it: pure data, no DOM.

export type Speaker = "visitor" | "character";

/** Why the rest of a speech is missing: the visitor spoke into it, its line was lost, or that is not known any more. */
export type Cause = "spoke" | "lost" | "";

export interface Line {
  readonly id: number;
  /** A note is what happened: nobody said it. */
  readonly who: Speaker | "note";
  /** What the character was called that said it. */
  readonly name: string;
  /** What has been said, or is about to be. */
  text: string;
  /** How much of it has been heard. */
  spoken: string;
  final: boolean;
  /** The rest of it was never heard. */
  cut: boolean;
  cause: Cause;
  /** The visitor wrote it. */
  readonly typed: boolean;
  /** It answers a reply of which nothing was heard, and which is in no line therefore. */
  readonly after: boolean;
  /** When it began, milliseconds since 1970. */
  readonly at: number;
}

/** One entry of the transcript. */
export interface Turn {
  readonly who: Speaker | "note";
  /** What the character was called that said it. */
  readonly name: string;
  text: string;
  cut: boolean;
  cause: Cause;
  readonly key: string;
  readonly at: number;
}

/** A piece of the character's speech, as RTVI tells of it. */
export interface Spoken {
  readonly text: string;
  readonly segment_id?: number;
  readonly spoken_status?: string;
  readonly spoken_progress?: { readonly accumulated_text: string; readonly remaining_text: string };
}

/**
 * How much of a line is lit: what has been heard, and the word that is being spoken, of which the server tells only
 * when it has ended.
 * @param sounding whether the voice speaks this line, if nothing of it has been told yet
 */
export function lit({ who, text, spoken, final }: Line, sounding = false) {
  if (final) return text;
  if (who === "visitor" || (!spoken && !sounding)) return spoken;
  return spoken + (/^\s*\S+/.exec(text.slice(spoken.length))?.[0] ?? "");
}

export class Transcript {
  lines: Line[] = [];
  speaking = false; // the character's voice is to be heard
  earlier: readonly Turn[] = []; // what was said before this page was opened, and notes
  name = ""; // of the character that speaks now
  private readonly _segments = new Map<number, Line>();
  private _next = 1;
  private _unheard = false; // a reply was cut off before its first word

  private _add(who: Line["who"], text: string, typed = false): Line {
    const name = who === "character" ? this.name : "";
    const line: Line = { id: this._next++, who, name, text, spoken: "", final: false, cut: false, cause: "", typed, after: this._unheard, at: Date.now() };
    this._unheard = false;
    this.lines.push(line);
    return line;
  }

  /** Begins anew, after what was said `earlier`. */
  clear(earlier: readonly Turn[] = []) {
    this.lines = [];
    this.earlier = earlier;
    this._segments.clear();
    this._unheard = false;
  }

  /** Something has happened that belongs between what is said. */
  note(text: string) {
    this._add("note", text).final = true;
  }

  /** What the character would have said, of which there is no sound. */
  told(text: string) {
    const line = this._add("character", text);
    line.spoken = text;
    line.final = true;
  }

  /** What the visitor has written. */
  wrote(text: string) {
    const line = this._add("visitor", text, true);
    line.spoken = text;
    line.final = true;
    return line;
  }

  /** The visitor's words, as heard so far or for good. */
  heard(text: string, final: boolean) {
    const last = this.current;
    const line = last?.who === "visitor" && !last.final ? last : this._add("visitor", text);
    line.text = text;
    line.spoken = text;
    line.final = final;
    return line;
  }

  /** A piece of the character's speech: announced, under way or spoken. */
  said(output: Spoken) {
    const id = output.segment_id ?? -this._next;
    let line = this._segments.get(id);
    if (!line) {
      line = this._add("character", output.text);
      this._segments.set(id, line);
    }
    if (line.cut) return line;
    line.text = output.text;
    line.spoken = output.spoken_progress?.accumulated_text ?? line.spoken;
    line.final = output.spoken_status === "completed";
    if (line.final) line.spoken = line.text;
    return line;
  }

  /** What was not heard was never said. */
  cutOff(cause: Cause = "spoke") {
    for (const line of this.lines) {
      if (line.who !== "character" || line.final) continue;
      line.cut = true;
      line.cause = cause;
      line.final = true;
      line.text = line.spoken;
    }
    const heard = this.lines.filter((line) => line.text);
    this._unheard ||= heard.length < this.lines.length;
    this.lines = heard;
  }

  /**
   * What was said, one entry a turn: neighbouring pieces of one speech together, the character's and the visitor's,
   * whose sentence a pause has torn. What is written stands by itself.
   */
  get turns(): Turn[] {
    return this._entries.filter(({ who }) => who !== "note");
  }

  /** All that the transcript shows: what was said earlier, what was said here, and what happened in between. */
  get entries(): Turn[] {
    return [...this.earlier, ...this._entries];
  }

  private get _entries(): Turn[] {
    const turns: Turn[] = [];
    let before: Line | undefined;
    for (const line of this.lines) {
      const text = (line.who !== "character" || line.final ? line.text : line.spoken).trim();
      const last = turns.at(-1);
      if (!text) continue;
      const apart = line.name !== last?.name || line.typed || line.after || (before?.typed ?? false) || (last?.cut ?? false);
      before = line;
      if (last && last.who === line.who && !apart) {
        last.text += ` ${text}`;
        last.cut = line.cut;
        last.cause = line.cause;
      } else {
        const { who, name, cut, cause, at } = line;
        turns.push({ who, name, text, cut, cause, key: String(line.id), at });
      }
    }
    return turns;
  }

  /** Whether the voice speaks the last line: all before it is said. */
  get sounding() {
    return this.speaking && this.lines.slice(0, -1).every(({ final, who }) => final || who === "visitor");
  }

  /** The line that captions show: the last one that was said. */
  get current() {
    return this.lines.findLast(({ who }) => who !== "note") ?? null;
  }
}
