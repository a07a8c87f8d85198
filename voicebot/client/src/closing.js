// What the end of a connection means, by its close code.

/** @typedef {"retry" | "renew" | "replaced" | "over" | "idle" | "limit" | "full" | "ended"} Closing */

/** @type {Record<number, Closing>} */
const MEANINGS = {
  1000: "ended",
  4401: "renew",
  4403: "over",
  4404: "over",
  4408: "idle",
  4409: "replaced",
  4410: "over",
  4429: "limit",
  4503: "full",
};

/**
 * The close code in the transport's error message, 1006 (gone without a word) where there is none.
 * @param {unknown} data the error's data
 */
export function closeCode(data) {
  const match = /Code: (\d+)/.exec(JSON.stringify(data ?? ""));
  return match ? Number(match[1]) : 1006;
}

/**
 * @param {number} code
 * @returns {Closing}
 */
export function meaningOf(code) {
  return MEANINGS[code] ?? "retry";
}

/**
 * Seconds to wait before a try: 1, 2, 4, 8, then 15.
 * @param {number} tries how many there were already
 */
export function backoffSecs(tries) {
  return Math.min(15, 2 ** tries);
}
