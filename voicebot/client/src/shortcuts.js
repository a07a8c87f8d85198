// What the keyboard does on the stage. Keys do nothing while one writes, and no key is taken from the browser.

/**
 * @typedef {object} Hands
 * @property {() => boolean} live whether a conversation is going on
 * @property {() => boolean} push whether one pushes to talk
 * @property {(held: boolean) => void} talk
 * @property {() => void} mute
 * @property {() => void} type
 * @property {() => void} transcript
 * @property {() => void} interrupt
 * @property {() => void} settings
 * @property {() => void} help
 */

/** @param {EventTarget | null} target */
function writes(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** @param {EventTarget | null} target */
function presses(target) {
  return target instanceof HTMLElement && /^(BUTTON|A|SUMMARY)$/.test(target.tagName) && target.id !== "microphone";
}

/** @param {Hands} hands */
export function listen(hands) {
  /** @type {Record<string, () => void>} */
  const keys = {
    m: hands.mute,
    t: hands.type,
    l: hands.transcript,
    i: hands.interrupt,
    s: hands.settings,
    "?": hands.help,
  };
  document.addEventListener("keydown", (event) => {
    const elsewhere = document.querySelector("dialog[open]") || writes(event.target);
    if (elsewhere || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.code === "Space" && hands.push() && hands.live() && !presses(event.target)) {
      event.preventDefault(); // the page would scroll
      if (!event.repeat) hands.talk(true);
      return;
    }
    const act = keys[event.key.toLowerCase()];
    if (!act || event.repeat) return;
    if (!hands.live() && !["?", "s"].includes(event.key.toLowerCase())) return;
    event.preventDefault();
    act();
  });
  document.addEventListener("keyup", (event) => {
    if (event.code === "Space") hands.talk(false);
  });
  window.addEventListener("blur", () => hands.talk(false));
}
