// What was said, as the page knows it: pure data, no DOM.

/**
 * @typedef {object} Line
 * @property {number} id
 * @property {"visitor" | "character"} who
 * @property {string} text what has been said, or is about to be
 * @property {string} spoken how much of it has been heard
 * @property {boolean} final
 * @property {boolean} cut the visitor spoke into it
 * @property {number} at when it began, milliseconds since 1970
 *
 * @typedef {{who: "visitor" | "character", text: string, cut: boolean, key: string, at: number}} Turn
 */

export class Transcript {
  constructor() {
    /** @type {Line[]} */
    this.lines = [];
    /** @type {Map<number, Line>} */
    this._segments = new Map();
    this._next = 1;
  }

  /**
   * @param {"visitor" | "character"} who
   * @param {string} text
   * @returns {Line}
   */
  _add(who, text) {
    const line = { id: this._next++, who, text, spoken: "", final: false, cut: false, at: Date.now() };
    this.lines.push(line);
    return line;
  }

  /**
   * The visitor's words, as heard so far or for good.
   * @param {string} text
   * @param {boolean} final
   */
  heard(text, final) {
    const last = this.lines.at(-1);
    const line = last?.who === "visitor" && !last.final ? last : this._add("visitor", text);
    line.text = text;
    line.spoken = text;
    line.final = final;
    return line;
  }

  /**
   * A piece of the character's speech: announced, under way or spoken.
   * @param {{text: string, segment_id?: number, spoken_status?: string,
   *   spoken_progress?: {accumulated_text: string, remaining_text: string}}} output
   */
  said(output) {
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
    this.lines = this.lines.filter((line) => line.text);
  }

  /**
   * What was said, one entry a turn: neighbouring pieces of the character's speech together.
   * @returns {Turn[]}
   */
  get turns() {
    /** @type {Turn[]} */
    const turns = [];
    for (const line of this.lines) {
      const text = (line.who === "visitor" || line.final ? line.text : line.spoken).trim();
      const last = turns.at(-1);
      if (!text) continue;
      if (last && last.who === line.who && line.who === "character" && !last.cut) {
        last.text += ` ${text}`;
        last.cut = line.cut;
      } else {
        turns.push({ who: line.who, text, cut: line.cut, key: String(line.id), at: line.at });
      }
    }
    return turns;
  }

  /** The line that captions show: the last one. */
  get current() {
    return this.lines.at(-1) ?? null;
  }
}
