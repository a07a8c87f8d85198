// What the keyboard does on the stage. Keys do nothing while one writes, and no key is taken from the browser.

import type { Action, Settings } from "./settings.ts";

export interface Hands extends Record<Action, () => void> {
  /** Whether a conversation is going on. */
  live(): boolean;
  wishes(): Readonly<Settings>;
  talk(held: boolean): void;
  /** Closes what is open beside the stage; whether there was something. */
  close(): boolean;
}

function writes(target: EventTarget | null) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function presses(target: EventTarget | null) {
  return target instanceof HTMLElement && /^(BUTTON|A|SUMMARY)$/.test(target.tagName) && target.id !== "microphone";
}

export function listen(hands: Hands) {
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && !event.isComposing) {
      if (hands.close()) event.preventDefault();
      return;
    }
    if (writes(event.target)) return;
    const { mode, keys, letters } = hands.wishes();
    if (event.code === "Space" && mode === "push" && hands.live() && !presses(event.target)) {
      event.preventDefault(); // the page would scroll
      if (!event.repeat) hands.talk(true);
      return;
    }
    if (!keys || event.repeat) return;
    const action = (Object.keys(letters) as Action[]).find((name) => letters[name] === event.key.toLowerCase());
    if (!action || (!hands.live() && action !== "help" && action !== "settings")) return;
    event.preventDefault();
    hands[action]();
  });
  document.addEventListener("keyup", (event) => {
    if (event.code === "Space") hands.talk(false);
  });
  window.addEventListener("blur", () => hands.talk(false));
}
