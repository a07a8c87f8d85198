// What was said, as the page knows it: pure data, no DOM.

export type Speaker = "visitor" | "character";

export interface Line {
  readonly id: number;
  readonly who: Speaker;
  /** What has been said, or is about to be. */
  text: string;
  /** How much of it has been heard. */
  spoken: string;
  final: boolean;
  /** The visitor spoke into it. */
  cut: boolean;
  /** The visitor wrote it. */
  readonly typed: boolean;
  /** It answers a reply of which nothing was heard, and which is in no line therefore. */
  readonly after: boolean;
  /** When it began, milliseconds since 1970. */
  readonly at: number;
}

export interface Turn {
  readonly who: Speaker;
  text: string;
  cut: boolean;
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
  private readonly _segments = new Map<number, Line>();
  private _next = 1;
  private _unheard = false; // a reply was cut off before its first word

  private _add(who: Speaker, text: string, typed = false): Line {
    const line: Line = { id: this._next++, who, text, spoken: "", final: false, cut: false, typed, after: this._unheard, at: Date.now() };
    this._unheard = false;
    this.lines.push(line);
    return line;
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
    const last = this.lines.at(-1);
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

  /** The visitor spoke into it: what was not heard was never said. */
  cutOff() {
    for (const line of this.lines) {
      if (line.who !== "character" || line.final) continue;
      line.cut = true;
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
    const turns: Turn[] = [];
    let before: Line | undefined;
    for (const line of this.lines) {
      const text = (line.who === "visitor" || line.final ? line.text : line.spoken).trim();
      const last = turns.at(-1);
      if (!text) continue;
      const apart = line.typed || line.after || (before?.typed ?? false) || (last?.cut ?? false);
      before = line;
      if (last && last.who === line.who && !apart) {
        last.text += ` ${text}`;
        last.cut = line.cut;
      } else {
        turns.push({ who: line.who, text, cut: line.cut, key: String(line.id), at: line.at });
      }
    }
    return turns;
  }

  /** Whether the voice speaks the last line: all before it is said. */
  get sounding() {
    return this.speaking && this.lines.slice(0, -1).every(({ final, who }) => final || who === "visitor");
  }

  /** The line that captions show: the last one. */
  get current() {
    return this.lines.at(-1) ?? null;
  }
}
