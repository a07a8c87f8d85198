// Where the time of the last replies went: one figure in the corner, which opens into a chart by stage.

import { gettext } from "./i18n.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 320;
const ROW = 22;
const LABEL = 52; // left of the bars, for the whole

/** @returns {{key: "endOfTurnMs" | "llmMs" | "ttsMs" | "outMs", words: string}[]} the parts that add up to the whole */
export const stages = () => [
  { key: "endOfTurnMs", words: gettext("noticing that you were done") },
  { key: "llmMs", words: gettext("thinking of an answer") },
  { key: "ttsMs", words: gettext("finding the voice") },
  { key: "outMs", words: gettext("on the way to you") },
];

/**
 * @param {Element} parent
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 */
function draw(parent, name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  parent.append(element);
  return element;
}

/**
 * Where each bar of a reply begins and how long it is, in pixels of `width`.
 * @param {import("./call.js").Latency} latency
 * @param {number} most the longest whole of all replies, ms
 * @param {number} width
 */
export function bars(latency, most, width) {
  let at = 0;
  return stages().map(({ key }) => {
    const size = (Math.max(0, latency[key]) / Math.max(1, most)) * width;
    const bar = { key, at, size };
    at += size;
    return bar;
  });
}

/**
 * @param {HTMLElement} chart
 * @param {import("./call.js").Latency[]} latencies the newest last
 */
export function showChart(chart, latencies) {
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

/** @param {import("./call.js").Latency} latency */
export function seconds(latency) {
  return gettext("{secs} s", { secs: (latency.totalMs / 1000).toFixed(1) });
}
