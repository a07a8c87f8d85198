// A talk button for any page of an allowed origin:
//
//   <script src="https://greenroom.example/embed.js" data-character="captain-marlow"></script>
//
// The conversation takes place in a frame from our own origin. The page around it learns how the conversation
// goes ("greenroom" events on the script element) and never what is said. Functions that it gives to the script
// element may be called by the character, as tools of the kind `page`; see docs/tools.md:
//
//   document.querySelector("#talk").functions = { async lamp({ place }, { signal }) { return { on: true }; } };

type Told = (given: Record<string, unknown>, more: { signal: AbortSignal }) => unknown;

const script = document.currentScript as HTMLScriptElement & { functions?: Record<string, Told> };
const home = new URL(script.src).origin;
const character = script.dataset.character ?? "";
const label = script.dataset.label ?? "Talk";

const button = document.createElement("button");
button.type = "button";
button.className = "greenroom-talk";
button.textContent = label;

let frame: HTMLIFrameElement | null = null;

/** Through the CSSOM: a page whose policy forbids style attributes takes this. */
function style(element: HTMLElement, rules: Record<string, string>) {
  for (const [name, value] of Object.entries(rules)) element.style.setProperty(name, value);
}

function close() {
  frame?.remove();
  frame = null;
  button.setAttribute("aria-expanded", "false");
  button.textContent = label;
  button.focus();
}

function open() {
  frame = document.createElement("iframe");
  const page = `embed/${encodeURIComponent(character)}/?origin=${encodeURIComponent(location.origin)}`;
  frame.src = new URL(page, script.src).href;
  frame.allow = "microphone; autoplay; speaker-selection";
  frame.title = script.dataset.title ?? "Talk with a character";
  style(frame, {
    width: script.dataset.width ?? "min(100%, 420px)",
    height: script.dataset.height ?? "640px",
    border: "0",
    "border-radius": "14px",
    "color-scheme": "normal",
    display: "block",
  });
  button.after(frame);
  button.setAttribute("aria-expanded", "true");
  button.textContent = script.dataset.close ?? "Close";
}

button.setAttribute("aria-expanded", "false");
button.addEventListener("click", () => (frame ? close() : open()));
style(button, {
  font: "600 17px/1 system-ui, sans-serif",
  padding: "16px 28px",
  border: "0",
  "border-radius": "28px",
  background: "#d9a441",
  color: "#1a1406",
  cursor: "pointer",
});
script.after(button);

const running = new Map<string, AbortController>();

/** Calls a function of this page; its answer, as JSON, goes to the frame, and nothing of an error but that. */
async function call(id: string, tool: string, given: Record<string, unknown>, from: Window) {
  const answer = (told: Record<string, unknown>) => from.postMessage({ greenroom: "tool-result", id, ...told }, home);
  const functions = script.functions ?? {};
  const wanted = Object.hasOwn(functions, tool) ? functions[tool] : undefined;
  if (typeof wanted !== "function") return answer({ error: "This page has no such function." });
  const abort = new AbortController();
  running.set(id, abort);
  try {
    const result = await wanted(given, { signal: abort.signal });
    answer({ result: JSON.parse(JSON.stringify(result ?? null)) });
  } catch (error) {
    console.error(error);
    answer({ error: "The page's function failed." });
  } finally {
    running.delete(id);
  }
}

window.addEventListener("message", (event) => {
  if (event.origin !== home || !frame || event.source !== frame.contentWindow) return;
  const { greenroom: kind, id, tool, state } = event.data ?? {};
  if (kind === "state") {
    script.dispatchEvent(new CustomEvent("greenroom", { detail: { state: String(state) }, bubbles: true }));
  } else if (kind === "tool-call") {
    void call(String(id), String(tool), event.data.arguments ?? {}, frame.contentWindow as Window);
  } else if (kind === "tool-cancelled") {
    running.get(String(id))?.abort();
  }
});
