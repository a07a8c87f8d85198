// How this visitor likes to talk, kept in this browser.

/**
 * @typedef {object} Settings
 * @property {"open" | "push"} mode an open microphone, or one that is open while a key is held
 * @property {number} volume 0 to 1
 * @property {number} speed of the character's voice, 0.7 to 1.5
 * @property {string} microphone a device's id, '' for the usual one
 * @property {string} speaker
 * @property {boolean} noise
 * @property {boolean} echo
 */

/** @type {Settings} */
export const DEFAULTS = {
  mode: "open",
  volume: 1,
  speed: 1,
  microphone: "",
  speaker: "",
  noise: true,
  echo: true,
};
const KEY = "greenroom.settings";

/**
 * What of `found` can be used; the rest as usual.
 * @param {unknown} found
 * @returns {Settings}
 */
export function sound(found) {
  const known = /** @type {Partial<Settings>} */ (found && typeof found === "object" ? found : {});
  const settings = { ...DEFAULTS };
  for (const name of /** @type {(keyof Settings)[]} */ (Object.keys(DEFAULTS))) {
    if (typeof known[name] === typeof DEFAULTS[name]) Object.assign(settings, { [name]: known[name] });
  }
  if (settings.mode !== "push") settings.mode = "open";
  settings.volume = Math.min(1, Math.max(0, settings.volume));
  settings.speed = Math.min(1.5, Math.max(0.7, settings.speed));
  return settings;
}

/** @returns {Settings} */
export function load() {
  try {
    return sound(JSON.parse(localStorage.getItem(KEY) ?? "{}"));
  } catch {
    return { ...DEFAULTS }; // no storage here, or not ours
  }
}

/** @param {Settings} settings */
export function save(settings) {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // Then it holds for this page only.
  }
}
