// How this visitor likes to talk, kept in this browser.

export interface Settings {
  /** An open microphone, or one that is open while a key is held. */
  mode: "open" | "push";
  /** 0 to 1 */
  volume: number;
  /** Of the character's voice, 0.7 to 1.5. */
  speed: number;
  /** A device's id, '' for the usual one. */
  microphone: string;
  speaker: string;
  noise: boolean;
  echo: boolean;
  /** Whether the page shows how long replies take. */
  latency: boolean;
  /** Whether a screen reader is told a reply while the voice still speaks, sentence by sentence. */
  readOver: boolean;
  /** Whether single letters do something: who steers by speech would press them unawares. */
  keys: boolean;
  /** The letter of each action. */
  letters: Record<Action, string>;
}

export type Action = "interrupt" | "mute" | "type" | "transcript" | "settings" | "help";

export const LETTERS: Readonly<Record<Action, string>> = {
  interrupt: "i", mute: "m", type: "t", transcript: "l", settings: "s", help: "?",
};

export const DEFAULTS: Readonly<Settings> = {
  mode: "open",
  volume: 1,
  speed: 1,
  microphone: "",
  speaker: "",
  noise: true,
  echo: true,
  latency: false,
  readOver: false,
  keys: true,
  letters: LETTERS,
};
/** A letter for each action, none of them twice. */
function letters(found: unknown): Record<Action, string> {
  const known = (found && typeof found === "object" ? found : {}) as Partial<Record<Action, unknown>>;
  const actions = Object.keys(LETTERS) as Action[];
  const wished = actions.map((action) => {
    const letter = known[action];
    return typeof letter === "string" && [...letter].length === 1 && letter.trim() ? letter.toLowerCase() : LETTERS[action];
  });
  if (new Set(wished).size < wished.length) return { ...LETTERS };
  return Object.fromEntries(actions.map((action, i) => [action, wished[i]])) as Record<Action, string>;
}

const KEY = "greenroom.settings";

/** What of `found` can be used; the rest as usual. */
export function sound(found: unknown): Settings {
  const known = (found && typeof found === "object" ? found : {}) as Partial<Settings>;
  const settings = { ...DEFAULTS };
  for (const name of (Object.keys(DEFAULTS) as (keyof Settings)[])) {
    if (typeof known[name] === typeof DEFAULTS[name]) Object.assign(settings, { [name]: known[name] });
  }
  if (settings.mode !== "push") settings.mode = "open";
  settings.letters = letters(settings.letters);
  settings.volume = Math.min(1, Math.max(0, settings.volume));
  settings.speed = Math.min(1.5, Math.max(0.7, settings.speed));
  return settings;
}

export function load(): Settings {
  try {
    return sound(JSON.parse(localStorage.getItem(KEY) ?? "{}"));
  } catch {
    return { ...DEFAULTS }; // no storage here, or not ours
  }
}

export function save(settings: Settings) {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // Then it holds for this page only.
  }
}

/** What the server is told of how this visitor likes to talk, and of where they are in time. */
export function metadataOf({ speed }: Settings) {
  return { timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone, ...(speed !== 1 && { voiceSpeed: speed }) };
}
