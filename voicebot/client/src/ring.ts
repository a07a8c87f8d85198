// The ring around the portrait: brass above for the character, glass below for the visitor, each as wide
// as the real voice is loud. Where it is known how the character's mouth moves, the brass arc moves so: closed lips close it.

import { SHAPES } from "./mouth.ts";
import type { Speaker } from "./transcript.ts";

const SIZE = 400;
const RADIUS = 188;
const QUIET = 0.06; // how much of an arc is open in silence

/**
 * How far an arc opens for a level, 0 to 1. Loudness is heard logarithmically: -50 dB is silence.
 * @param level root mean square, 0 to 1
 */
export function openness(level: number) {
  if (level <= 0) return 0;
  const decibels = 20 * Math.log10(level);
  return Math.min(1, Math.max(0, (decibels + 50) / 40));
}

/**
 * An arc centred at the top or the bottom of the ring, as an SVG path.
 * @param share of its half circle, 0 to 1
 */
export function arc(share: number, above: boolean) {
  const half = (Math.PI / 2) * 0.94 * Math.max(QUIET, share);
  const middle = above ? -Math.PI / 2 : Math.PI / 2;
  const point = (angle: number) =>
    `${(SIZE / 2 + RADIUS * Math.cos(angle)).toFixed(2)} ${(SIZE / 2 + RADIUS * Math.sin(angle)).toFixed(2)}`;
  return `M${point(middle - half)}A${RADIUS} ${RADIUS} 0 0 1 ${point(middle + half)}`;
}

/**
 * How far the character's arc opens: as the voice is loud, or as its mouth is wide and open at this loudness.
 * @param viseme empty where it is not known
 */
export function mouthOpenness(loud: number, viseme: string) {
  const shape = SHAPES[viseme];
  return shape ? shape.open && loud * (0.35 * shape.open + 0.65 * shape.wide) : loud;
}

/** Root mean squares, 0 to 1. */
export type Levels = Record<Speaker, number>;

export class Ring {
  private readonly _stage: HTMLElement;
  private readonly _paths: Record<Speaker, SVGPathElement>;
  private readonly _shown: Levels = { character: 0, visitor: 0 };
  private _viseme = "";
  private _drawn = false;

  /** @param stage gets the light as a CSS variable */
  constructor(stage: HTMLElement, character: SVGPathElement, visitor: SVGPathElement) {
    this._stage = stage;
    this._paths = { character, visitor };
  }

  /**
   * Draws what has changed: whether anything has.
   * @param viseme of the character, empty where it is not known
   */
  draw(levels: Readonly<Levels>, viseme = "") {
    let moved = false;
    const said = viseme !== this._viseme;
    if (said) {
      this._viseme = this._stage.dataset.viseme = viseme;
      this._stage.style.setProperty("--mouth", String(SHAPES[viseme]?.open ?? 0));
    }
    for (const who of ["character", "visitor"] as const) {
      const target = openness(levels[who]);
      const shown = this._shown[who];
      // Up at once, down slowly: as a needle does.
      const next = target > shown ? target : shown + (target - shown) * 0.18;
      const still = Math.abs(next - shown) < 0.002 && this._drawn; // a still picture costs nothing
      if (!still) {
        moved = true;
        this._shown[who] = next;
        this._stage.style.setProperty(who === "character" ? "--light" : "--visitor-level", next.toFixed(3));
      }
      const character = who === "character";
      if (!still || (character && said)) {
        this._paths[who].setAttribute("d", arc(character ? mouthOpenness(this._shown[who], viseme) : next, character));
      }
    }
    this._drawn = true;
    return moved;
  }
}
