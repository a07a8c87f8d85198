// The page of one character: what is on the screen follows the call, what is pressed goes to it.

import { Call } from "./call.js";
import { Outside } from "./outside.js";
import { seconds, showChart, stages } from "./latency.js";
import { Past } from "./past.js";
import { Ring } from "./ring.js";
import { load } from "./settings.js";
import { SettingsPanel } from "./settings-panel.js";
import { listen } from "./shortcuts.js";
import { Summary } from "./summary.js";
import { setText, TranscriptView } from "./transcript-view.js";
import { gettext } from "./i18n.js";
import { actionWords, mendingWords, stateWords } from "./words.js";

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @returns {T}
 */
const byId = (id) => /** @type {T} */ (document.getElementById(id));

const stage = byId("stage");
const about = /** @type {{name: string, slug: string, startUrl: string, sessionsUrl: string, workletUrl: string,
  recorderUrl: string, draft?: string, parent?: string, known?: string}} */ (/** @type {unknown} */ (stage.dataset));
const begin = /** @type {HTMLButtonElement} */ (byId("begin"));
const microphone = /** @type {HTMLButtonElement} */ (byId("microphone"));
const typing = /** @type {HTMLFormElement} */ (byId("typing"));
const typed = /** @type {HTMLInputElement} */ (byId("typed"));
const again = /** @type {HTMLButtonElement} */ (byId("again"));
const latency = /** @type {HTMLButtonElement} */ (byId("latency"));

const call = new Call(
  {
    startUrl: about.startUrl,
    workletUrl: about.workletUrl,
    recorderUrl: about.recorderUrl,
    character: about.slug,
    session: new URLSearchParams(location.search).get("session") ?? "",
    draft: about.draft === "true",
  },
  load(),
);
const ring = new Ring(
  stage,
  /** @type {SVGPathElement} */ (/** @type {unknown} */ (byId("arc-character"))),
  /** @type {SVGPathElement} */ (/** @type {unknown} */ (byId("arc-visitor"))),
);
const transcript = new TranscriptView({
  caption: byId("caption"),
  spoken: byId("caption-spoken"),
  coming: byId("caption-coming"),
  list: byId("lines"),
  empty: byId("silence"),
});
const settings = new SettingsPanel(byId("settings"), call, about.recorderUrl);
const past = new Past(byId("past"), about, (message) => setText(byId("state"), message));
const summary = new Summary(byId("summary"), about, call);
const outside = new Outside(about.parent ?? "", call);

/** The latency that the chart shows, so that it is drawn only when there is another. */
let charted = 0;

function showState() {
  const retrySecs = (call.line.retryAt - Date.now()) / 1000;
  const closesSecs = call.closesAt ? (call.closesAt - Date.now()) / 1000 : 0;
  const push = call.settings.mode === "push";
  const words = stateWords(call.state, { ...call, name: about.name, retrySecs, closesSecs, push });
  stage.dataset.state = call.state;
  stage.classList.toggle("muted", call.muted);
  stage.classList.toggle("push", push);
  stage.classList.toggle("talking", call.talking);
  setText(byId("state"), words);
  byId("intro").hidden = call.state !== "waiting";
  byId("bar").hidden = !call.live;
  setText(again, actionWords(call.state));
  again.hidden = !again.textContent;
  byId("interrupt").hidden = call.state !== "speaking";
  microphone.setAttribute("aria-pressed", String(push ? call.talking : call.muted));
  microphone.disabled = !call.microphone;
  setText(byId("microphone-words"), push ? gettext("Hold to talk") : call.muted ? gettext("Unmute") : gettext("Mute"));
  byId("refused").hidden = call.microphone || !call.live;
  setText(byId("refused-words"), mendingWords(call.refusal, navigator.userAgent));
  byId("draining").hidden = !call.line.draining || !call.live;
}

function showLatency() {
  const newest = call.latencies.at(-1);
  latency.hidden = !newest;
  if (!newest || charted === call.latencies.length + newest.totalMs) return;
  charted = call.latencies.length + newest.totalMs;
  setText(latency, seconds(newest));
  showChart(byId("latency-chart"), call.latencies);
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
  showLatency();
  transcript.show(call.transcript, about.name);
  summary.show();
}

function frame() {
  ring.draw(call.levels);
  if (call.state === "gone" || call.closesAt) showState();
  requestAnimationFrame(frame);
}

// --- dialogs ---

/** @param {string} id */
function open(id) {
  const dialog = /** @type {HTMLDialogElement} */ (byId(id));
  if (dialog.open) return;
  dialog.showModal();
  if (id === "settings") void settings.open();
  if (id === "past") void past.show();
}
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.querySelector(".close")?.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // beside it
  });
}
for (const opener of document.querySelectorAll("[data-opens]")) {
  opener.addEventListener("click", () => open(/** @type {HTMLElement} */ (opener).dataset.opens ?? ""));
}
latency.addEventListener("click", () => open("latency-panel"));
byId("latency-legend").replaceChildren(
  ...stages().map(({ key, words }) => Object.assign(document.createElement("li"), { className: key, textContent: words })),
);

// --- hands ---

function toggleTyping() {
  typing.hidden = !typing.hidden;
  byId("type").setAttribute("aria-expanded", String(!typing.hidden));
  if (!typing.hidden) typed.focus();
}

function toggleTranscript() {
  const shown = stage.classList.toggle("with-transcript");
  byId("transcript-toggle").setAttribute("aria-expanded", String(shown));
}

call.addEventListener("change", show);
begin.addEventListener("click", () => void call.begin());
again.addEventListener("click", () => {
  if (call.state === "ended" || call.state === "over") location.assign(location.pathname + (outside.inside ? location.search : ""));
  else void call.begin();
});
byId("retry-microphone").addEventListener("click", () => void call.retryMicrophone());
microphone.addEventListener("click", () => {
  if (call.settings.mode === "open") call.mute(!call.muted);
});
microphone.addEventListener("pointerdown", () => call.talk(true));
for (const event of ["pointerup", "pointercancel", "pointerleave"]) {
  microphone.addEventListener(event, () => call.talk(false));
}
byId("interrupt").addEventListener("click", () => call.interrupt());
byId("end").addEventListener("click", () => void call.end());
byId("type").addEventListener("click", toggleTyping);
byId("transcript-toggle").addEventListener("click", toggleTranscript);
typing.addEventListener("submit", (event) => {
  event.preventDefault();
  void call.say(typed.value);
  typed.value = "";
});
listen({
  live: () => call.live,
  push: () => call.settings.mode === "push",
  talk: (held) => call.talk(held),
  mute: () => call.mute(!call.muted),
  type: toggleTyping,
  transcript: toggleTranscript,
  interrupt: () => call.interrupt(),
  settings: () => open("settings"),
  help: () => open("help"),
});

// Tests and curious visitors read the call here; nothing on the page depends on it.
Object.assign(window, { greenroom: { call } });
show();
frame();
if (about.known && !outside.inside) {
  void past.show().then((count) => {
    byId("past-open").hidden = !count;
  });
}
