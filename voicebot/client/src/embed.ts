// A talk button for any page of an allowed origin:
//
//   <script src="https://greenroom.example/embed.js" data-character="captain-marlow"></script>
//
// The conversation takes place in a frame from our own origin. The page around it learns how the conversation
// goes ("greenroom" events on the script element) and never what is said.

const script = document.currentScript as HTMLScriptElement;
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

window.addEventListener("message", (event) => {
  if (event.origin !== home || !frame || event.source !== frame.contentWindow) return;
  if (event.data?.greenroom !== "state") return;
  script.dispatchEvent(new CustomEvent("greenroom", { detail: { state: String(event.data.state) }, bubbles: true }));
});
