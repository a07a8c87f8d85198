// The page of one character: what is on the screen follows the call, what is pressed goes to it.

import { Call } from "./call.js";
import { Ring } from "./ring.js";
import { actionWords, stateWords } from "./words.js";

/** States in which a conversation is going on and the bar is of use. */
const LIVE = new Set(["connecting", "listening", "thinking", "speaking", "gone"]);

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @returns {T}
 */
const byId = (id) => /** @type {T} */ (document.getElementById(id));

const stage = byId("stage");
const about = /** @type {{name: string, slug: string, startUrl: string, workletUrl: string, draft?: string}} */ (
  /** @type {unknown} */ (stage.dataset)
);
const begin = /** @type {HTMLButtonElement} */ (byId("begin"));
const microphone = /** @type {HTMLButtonElement} */ (byId("microphone"));
const typing = /** @type {HTMLFormElement} */ (byId("typing"));
const typed = /** @type {HTMLInputElement} */ (byId("typed"));
const again = /** @type {HTMLButtonElement} */ (byId("again"));

const call = new Call({
  startUrl: about.startUrl,
  workletUrl: about.workletUrl,
  character: about.slug,
  session: new URLSearchParams(location.search).get("session") ?? "",
  draft: about.draft === "true",
});
const ring = new Ring(
  stage,
  /** @type {SVGPathElement} */ (/** @type {unknown} */ (byId("arc-character"))),
  /** @type {SVGPathElement} */ (/** @type {unknown} */ (byId("arc-visitor"))),
);

function showState() {
  const retrySecs = (call.retryAt - Date.now()) / 1000;
  const closesSecs = call.closesAt ? (call.closesAt - Date.now()) / 1000 : 0;
  const words = stateWords(call.state, { ...call, name: about.name, retrySecs, closesSecs });
  stage.dataset.state = call.state;
  stage.classList.toggle("muted", call.muted);
  setText(byId("state"), words);
  byId("intro").hidden = call.state !== "waiting";
  byId("bar").hidden = !LIVE.has(call.state);
  again.textContent = actionWords(call.state);
  again.hidden = !again.textContent;
  microphone.setAttribute("aria-pressed", String(call.muted));
  microphone.disabled = !call.microphone;
  setText(byId("microphone-words"), call.muted ? "Unmute" : "Mute");
  byId("refused").hidden = call.microphone || !LIVE.has(call.state);
}

function showCaption() {
  const line = call.transcript.current;
  const caption = byId("caption");
  caption.dataset.who = line?.who ?? "";
  const rest = line && !line.final ? line.text.slice(line.spoken.length) : "";
  setText(byId("caption-spoken"), line ? (line.final ? line.text : line.spoken) : "");
  setText(byId("caption-coming"), line?.who === "character" ? rest : "");
}

/** The transcript as a list: one item a turn, neighbouring pieces of one speaker together. */
function showTranscript() {
  const list = byId("lines");
  /** @type {{who: string, text: string, cut: boolean, key: string}[]} */
  const turns = [];
  for (const line of call.transcript.lines) {
    const text = line.who === "visitor" || line.final ? line.text : line.spoken;
    if (!text) continue;
    const last = turns.at(-1);
    if (last && last.who === line.who && line.who === "character" && !last.cut) {
      last.text += ` ${text.trim()}`;
      last.cut = line.cut;
    } else {
      turns.push({ who: line.who, text: text.trim(), cut: line.cut, key: String(line.id) });
    }
  }
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  const known = new Map([...list.children].map((item) => [/** @type {HTMLElement} */ (item).dataset.key, item]));
  for (const turn of turns) {
    const item = /** @type {HTMLElement} */ (known.get(turn.key) ?? list.appendChild(newItem(turn)));
    known.delete(turn.key);
    item.classList.toggle("cut", turn.cut);
    setText(/** @type {HTMLElement} */ (item.querySelector("p")), turn.text + (turn.cut ? " —" : ""));
  }
  for (const gone of known.values()) gone.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
  byId("silence").hidden = turns.length > 0;
}

/** @param {{who: string, key: string}} turn */
function newItem({ who, key }) {
  const item = document.createElement("li");
  item.dataset.key = key;
  item.dataset.who = who;
  const name = document.createElement("b");
  name.textContent = who === "character" ? about.name : "You";
  item.append(name, document.createElement("p"));
  return item;
}

/**
 * Writes only what changed: a live region announces every write.
 * @param {HTMLElement} element
 * @param {string} text
 */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** An editor may publish a new version, or the conversation may go to another character, at any time. */
function showCharacter() {
  const now = call.character;
  if (!now) return;
  about.name = now.name;
  setText(byId("name"), now.name);
  const face = /** @type {HTMLImageElement | null} */ (document.getElementById("face"));
  if (face && now.portrait && face.getAttribute("src") !== now.portrait) face.src = now.portrait;
}

function show() {
  showCharacter();
  showState();
  showCaption();
  showTranscript();
}

function frame() {
  ring.draw(call.levels);
  if (call.state === "gone" || call.closesAt) showState();
  requestAnimationFrame(frame);
}

call.addEventListener("change", show);
begin.addEventListener("click", () => void call.begin());
again.addEventListener("click", () => {
  if (call.state === "ended" || call.state === "over") location.assign(location.pathname);
  else void call.begin();
});
microphone.addEventListener("click", () => call.mute(!call.muted));
byId("end").addEventListener("click", () => void call.end());
byId("type").addEventListener("click", () => {
  typing.hidden = !typing.hidden;
  byId("type").setAttribute("aria-expanded", String(!typing.hidden));
  if (!typing.hidden) typed.focus();
});
byId("transcript-toggle").addEventListener("click", () => {
  const open = stage.classList.toggle("with-transcript");
  byId("transcript-toggle").setAttribute("aria-expanded", String(open));
});
typing.addEventListener("submit", (event) => {
  event.preventDefault();
  void call.say(typed.value);
  typed.value = "";
});

// Tests and curious visitors read the call here; nothing on the page depends on it.
Object.assign(window, { greenroom: { call } });
show();
frame();
