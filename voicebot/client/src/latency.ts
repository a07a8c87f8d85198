// Where the time of the last replies went: one figure in the corner, which opens into a chart by stage.

import type { CallFigures } from "./call-line.ts";
import { gettext } from "./i18n.ts";
import type { LineKind } from "./line-memory.ts";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 320;
const ROW = 22;
const LABEL = 52; // left of the bars, for the whole

/** How long a reply took, from the visitor's last word to its first sound, and where that went. */
export interface Latency {
  readonly totalMs: number;
  readonly endOfTurnMs: number;
  readonly sttMs: number;
  readonly llmMs: number;
  readonly ttsMs: number;
  readonly outMs: number;
}

type Stage = "endOfTurnMs" | "llmMs" | "ttsMs" | "outMs";

/** The parts that add up to the whole. */
export const stages = (): { key: Stage; words: string }[] => [
  { key: "endOfTurnMs", words: gettext("noticing that you were done") },
  { key: "llmMs", words: gettext("thinking of an answer") },
  { key: "ttsMs", words: gettext("finding the voice") },
  { key: "outMs", words: gettext("on the way to you") },
];

function draw(parent: Element, name: string, attributes: Record<string, string | number>) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  parent.append(element);
  return element;
}

/**
 * Where each bar of a reply begins and how long it is, in pixels of `width`.
 * @param most the longest whole of all replies, ms
 */
export function bars(latency: Latency, most: number, width: number) {
  let at = 0;
  return stages().map(({ key }) => {
    const size = (Math.max(0, latency[key]) / Math.max(1, most)) * width;
    const bar = { key, at, size };
    at += size;
    return bar;
  });
}

/** @param latencies the newest last */
export function showChart(chart: HTMLElement, latencies: readonly Latency[]) {
  const shown = latencies.slice(-8).reverse();
  const most = Math.max(1, ...shown.map((latency) => latency.totalMs));
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${Math.max(1, shown.length) * ROW}`);
  svg.setAttribute("aria-hidden", "true");
  shown.forEach((latency, row) => {
    draw(svg, "text", { x: LABEL - 8, y: row * ROW + 15, "text-anchor": "end" }).textContent = seconds(latency);
    for (const { key, at, size } of bars(latency, most, WIDTH - LABEL)) {
      draw(svg, "rect", { class: key, x: LABEL + at, y: row * ROW + 4, width: size, height: ROW - 8 });
    }
  });
  const table = document.createElement("table");
  table.className = "sr";
  for (const latency of shown) {
    const row = table.insertRow();
    row.insertCell().textContent = seconds(latency);
    for (const { key, words } of stages()) row.insertCell().textContent = `${words}: ${latency[key]} ms`;
  }
  chart.replaceChildren(svg, table);
}

export function seconds(latency: Latency) {
  return gettext("{secs} s", { secs: (latency.totalMs / 1000).toFixed(1) });
}

/** By which line the conversation goes, and how a call does; '' while there is none. */
export function lineWords(kind: LineKind | null, figures: CallFigures | null) {
  if (kind === "websocket") return gettext("Your voice travels over a WebSocket (TCP).");
  if (kind !== "webrtc") return "";
  const percent = Math.round(100 * (figures?.loss ?? 0));
  return gettext("Your voice travels by a call (WebRTC); {percent} % of what was sent to you was lost on the way.", { percent });
}
