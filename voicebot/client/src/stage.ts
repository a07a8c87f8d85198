// The page of one character: what is on the screen follows the call, what is pressed goes to it.

import { Announcer } from "./announcer.ts";
import { Call } from "./call.ts";
import { byId, setText } from "./dom.ts";
import { EmbedBridge } from "./embed-bridge.ts";
import { gettext } from "./i18n.ts";
import { KeySettings } from "./key-settings.ts";
import { lineWords, seconds, showChart, stages } from "./latency.ts";
import { listen as listenToLanguages } from "./language-switch.ts";
import { MemoryPanel } from "./memory.ts";
import { Past } from "./past.ts";
import { PendingEnd } from "./pending-end.ts";
import { Ring } from "./ring.ts";
import { load } from "./settings.ts";
import { SettingsPanel } from "./settings-panel.ts";
import { listen } from "./shortcuts.ts";
import { Summary } from "./summary.ts";
import { ToolPanel } from "./tool-panel.ts";
import { TranscriptView } from "./transcript-view.ts";
import { renew, WayBack } from "./way-back.ts";
import { actionWords, mendingWords, stateWords } from "./words.ts";

/** What the template tells the page. */
interface About {
  name: string;
  readonly slug: string;
  readonly startUrl: string;
  readonly sessionsUrl: string;
  readonly memoriesUrl: string;
  readonly workletUrl: string;
  readonly recorderUrl: string;
  readonly clientUrl: string;
  readonly calls?: string;
  readonly draft?: string;
  readonly parent?: string;
  readonly known?: string;
}

const stage = byId("stage");
const about = stage.dataset as unknown as About;
const microphone = byId<HTMLButtonElement>("microphone");
const typing = byId<HTMLFormElement>("typing");
const typed = byId<HTMLInputElement>("typed");
const again = byId<HTMLButtonElement>("again");
const latency = byId<HTMLButtonElement>("latency");

const loadClient = () => import(about.clientUrl) as Promise<typeof import("./rtvi-client.ts")>;
// What one sees comes first; by the time that anybody presses the button it is mostly there.
addEventListener("load", () => void loadClient().catch(() => undefined), { once: true });

const wayBack = new WayBack(about, about.draft === "true", !about.parent);
const call = new Call(
  {
    startUrl: about.startUrl,
    sessionsUrl: about.sessionsUrl,
    workletUrl: about.workletUrl,
    recorderUrl: about.recorderUrl,
    character: about.slug,
    session: wayBack.session,
    draft: about.draft === "true",
    calls: about.calls === "true",
    loadClient,
  },
  load(),
);
const ring = new Ring(stage, byId("arc-character"), byId("arc-visitor"));
const transcript = new TranscriptView();
const settings = new SettingsPanel(call, about.recorderUrl);
const past = new Past(about, tell);
const memory = new MemoryPanel(about, call, tell);
new ToolPanel(call);
const summary = new Summary(about, call);
const announcer = new Announcer();
const leaving = new PendingEnd(call);
new KeySettings(call);
const bridge = new EmbedBridge(about.parent ?? "", call);

/** The latency that the chart shows, so that it is drawn only when there is another. */
let charted = 0;

function tell(message: string) {
  setText(byId("state"), message);
  announcer.showState(message, message);
}

function showState() {
  const push = call.settings.mode === "push";
  const { muted, talking, silent, available, refusal } = call.microphone;
  const words = stateWords(call.status, { name: about.name, available, muted, push, talking, silent, stalled: call.stalled, thin: call.thin, endsAt: leaving.endsAt, now: Date.now() });
  stage.dataset.state = call.state;
  stage.classList.toggle("live", call.live);
  stage.classList.toggle("leaving", leaving.pending);
  stage.classList.toggle("muted", muted);
  stage.classList.toggle("stalled", call.stalled);
  stage.classList.toggle("push", push);
  stage.classList.toggle("talking", talking);
  setText(byId("state"), words);
  announcer.showState(call.returning && !leaving.pending ? call.state : words.replace(/\d+/g, ""), words);
  byId("intro").hidden = call.state !== "waiting";
  byId("bar").hidden = !call.live;
  setText(again, actionWords(call.status));
  again.hidden = !again.textContent;
  byId("ending").hidden = !leaving.pending;
  byId("interrupt").setAttribute("aria-disabled", String(call.state !== "speaking"));
  microphone.setAttribute("aria-pressed", String(push ? talking : muted));
  microphone.disabled = !available;
  setText(byId("microphone-words"), push ? gettext("Hold to talk") : gettext("Mute")); // `aria-pressed` says the rest
  byId("refused").hidden = available || !call.live;
  setText(byId("refused-words"), mendingWords(refusal, navigator.userAgent));
  byId("retry-microphone").hidden = !isSecureContext; // it would be asked in vain
  byId("draining").hidden = !call.line.draining || !call.live;
}

function showLatency() {
  const newest = call.latencies.at(-1);
  latency.hidden = !newest || !call.settings.latency;
  setText(byId("latency-line"), lineWords(call.line.kind, call.line.figures));
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
  const face = document.querySelector<HTMLImageElement>("#face");
  if (face && now.portrait && face.getAttribute("src") !== now.portrait) face.src = now.portrait;
}

function show() {
  showCharacter();
  showState();
  showLatency();
  transcript.show(call.transcript, about.name);
  if (call.settings.readOver) announcer.readAlong(call.transcript.current, about.name);
  else announcer.showReply(call.transcript.turns, about.name, call.state === "speaking" || call.transcript.current?.final === false);
  summary.show();
  moveFocus();
  animate();
}

/** The ring and the countdowns move while something goes on, and stand still for nothing else. */
let animated = 0;
const stillness = matchMedia("(prefers-reduced-motion: reduce)"); // there the voice is a level, and nothing moves with each sound

function animate() {
  animated ||= requestAnimationFrame(() => {
    animated = 0;
    const moves = ring.draw(call.levels, stillness.matches ? "" : call.viseme);
    if (leaving.pending || call.returning || call.status.name === "listening") showState();
    if (call.live || moves) animate();
  });
}

// --- dialogs ---

function open(id: string) {
  const dialog = byId<HTMLDialogElement>(id);
  if (dialog.open) return;
  dialog.showModal();
  if (id === "settings") void settings.open();
  if (id === "past") void past.show();
  if (id === "memory") void memory.show();
}
for (const dialog of document.querySelectorAll("dialog")) {
  // Opened by a key, it has nothing to give the focus back to.
  dialog.addEventListener("close", () => {
    if (focusIsLost()) document.querySelector<HTMLElement>(`[data-opens="${dialog.id}"]`)?.focus();
  });
  dialog.querySelector(".close")?.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // beside it
  });
}
for (const opener of document.querySelectorAll<HTMLElement>("[data-opens]")) {
  opener.addEventListener("click", () => open(opener.dataset.opens ?? ""));
}
latency.addEventListener("click", () => open("latency-panel"));
function showLegend() {
  const items = stages().map(({ key, words }) => Object.assign(document.createElement("li"), { className: key, textContent: words }));
  byId("latency-legend").replaceChildren(...items);
}
showLegend();

// --- hands ---

/** Without a microphone the field is the only way to say something: it stays open. */
function showTyping(shown: boolean) {
  typing.hidden = !shown && call.microphone.available;
  byId("type").setAttribute("aria-expanded", String(!typing.hidden));
  if (!typing.hidden) typed.focus();
}

function showTranscript(shown: boolean) {
  stage.classList.toggle("with-transcript", shown);
  byId("transcript-toggle").setAttribute("aria-expanded", String(shown));
  if (shown) transcript.opened();
}

function closeTranscript() {
  showTranscript(false);
  byId("transcript-toggle").focus();
}

const toggleTyping = () => showTyping(typing.hidden);
const toggleTranscript = () => showTranscript(!stage.classList.contains("with-transcript"));

/** Closes what Escape closes, the newest first, and gives the focus back to what opens it. */
function closeSomething() {
  if (!typing.hidden && call.microphone.available) {
    showTyping(false);
    byId("type").focus();
    return true;
  }
  if (!stage.classList.contains("with-transcript")) return false;
  closeTranscript();
  return true;
}

/** Whether what had the focus is gone. */
function focusIsLost() {
  return document.activeElement === document.body || !document.activeElement?.checkVisibility({ visibilityProperty: true });
}

let before = "false false";
let hadMicrophone = true;

/** Where what was pressed has gone, the focus goes to what comes next; it is taken from nobody else. */
function moveFocus() {
  const available = call.microphone.available && !call.thin;
  if (call.live && hadMicrophone && !available) showTyping(true);
  hadMicrophone = available || !call.live;
  const now = `${call.live} ${leaving.pending}`;
  if (before === now) return;
  before = now;
  if (!focusIsLost()) return;
  if (!call.live) again.focus();
  else if (leaving.pending) byId("take-back").focus();
  else if (available) microphone.focus();
}

call.addEventListener("change", show);
wayBack.watch(call);
again.addEventListener("click", () => {
  if (call.returning) return call.line.tryNow();
  if (call.state === "ended" || call.state === "over") renew(call);
  void call.begin();
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
byId("end").addEventListener("click", () => leaving.begin());
byId("end-now").addEventListener("click", () => leaving.finish());
byId("take-back").addEventListener("click", () => leaving.takeBack());
byId("type").addEventListener("click", toggleTyping);
byId("transcript-toggle").addEventListener("click", toggleTranscript);
byId("transcript-close").addEventListener("click", closeTranscript);
typing.addEventListener("submit", (event) => {
  event.preventDefault();
  if (call.say(typed.value)) typed.value = ""; // else it waits for the line
});
listen({
  live: () => call.live,
  wishes: () => call.settings,
  close: closeSomething,
  talk: (held) => call.talk(held),
  mute: () => call.mute(!call.muted),
  type: toggleTyping,
  transcript: toggleTranscript,
  interrupt: () => call.interrupt(),
  settings: () => open("settings"),
  help: () => open("help"),
});

/** What this script has written, written anew in the page's other language. */
function translate() {
  charted = 0;
  showLegend();
  transcript.translate();
  wayBack.translate(call);
  show();
  if (byId<HTMLDialogElement>("settings").open) void settings.translate();
}
const languages = document.querySelector<HTMLFormElement>("form.languages");
if (languages) listenToLanguages(languages, translate, () => tell(gettext("That did not work.")));

window.addEventListener("pagehide", () => [leaving, call].forEach((left) => left.leavePage()));

// Tests and curious visitors read the call here; nothing on the page depends on it.
Object.assign(window, { greenroom: { call } });
byId("insecure").hidden = isSecureContext;
byId("microphone-hint").hidden = !isSecureContext;
show();
void wayBack.look(call).then((over) => over && showTranscript(true));
if (about.known && !bridge.embedded) {
  void memory.show().then((memories) => {
    if (memories?.length) byId("memory-open").hidden = false;
  });
  void past.show().then((count) => {
    byId("past-open").hidden = !count;
  });
}
