// @ts-check
// Draft chat: the draft answers in writing, beside its form. What comes back is put in as text.
document.addEventListener("DOMContentLoaded", () => {
  const panel = document.getElementById("desk-chat");
  const form = /** @type {HTMLFormElement | null} */ (document.getElementById("character_form"));
  if (!panel || !form) return;
  /** @template {HTMLElement} T @param {string} id @param {new () => T} kind */
  const byId = (id, kind) => {
    const found = document.getElementById(id);
    if (!(found instanceof kind)) throw new Error(id);
    return found;
  };
  const words = /** @type {Record<string, string>} */ (panel.dataset);
  const open = byId("desk-chat-open", HTMLButtonElement);
  const log = byId("desk-chat-log", HTMLElement);
  const text = byId("desk-chat-text", HTMLTextAreaElement);
  const state = byId("desk-chat-state", HTMLElement);
  const greeting = byId("desk-greeting", HTMLSelectElement);
  /** @type {{role: string, content: string}[]} */
  let turns = [];
  /** @type {string[]} */
  let greetings = [];
  let busy = false;

  /** @param {string | undefined} url @param {Record<string, string>} more */
  function ask(url, more) {
    const data = new FormData(form ?? undefined);
    for (const [name, value] of [...data.entries()]) if (value instanceof File) data.delete(name);
    data.set("_character", words.character ?? "");
    // A box that is not ticked sends nothing.
    for (const box of form?.querySelectorAll("input[type=checkbox][name]:not(:checked)") ?? []) data.append("_changed", /** @type {HTMLInputElement} */ (box).name);
    for (const [name, value] of Object.entries(more)) data.set(name, value);
    const token = String(data.get("csrfmiddlewaretoken") ?? "");
    return fetch(url ?? "", { method: "POST", body: data, headers: { "X-CSRFToken": token } });
  }

  /** @param {string} role @param {string} content */
  function show(role, content) {
    const item = document.createElement("div");
    item.dataset.role = role;
    const who = document.createElement("b");
    who.textContent = role === "user" ? (words.you ?? "") : (words.them ?? "");
    const said = document.createElement("span");
    said.textContent = content;
    item.append(who, said);
    log.append(item);
    log.scrollTop = log.scrollHeight;
    return said;
  }

  function begin() {
    const first = greetings[Number(greeting.value)] ?? "";
    turns = first ? [{ role: "assistant", content: first }] : [];
    log.replaceChildren();
    state.textContent = "";
    if (first) show("assistant", first);
  }

  async function choose() {
    try {
      const answer = await ask(words.choices, {});
      greetings = answer.ok ? (await answer.json()).greetings : [];
    } catch {
      greetings = [];
    }
    const was = greeting.value;
    greeting.replaceChildren(
      ...greetings.map((said, at) => new Option(`${(words.greeting ?? "").replace("%s", String(at + 1))}: ${said.slice(0, 40)}`, String(at))),
    );
    greeting.value = greetings[Number(was)] === undefined ? "0" : was || "0";
    begin();
  }

  async function send() {
    const content = text.value.trim();
    if (!content || busy) return;
    busy = true;
    text.value = "";
    state.textContent = "";
    const before = turns;
    turns = [...turns, { role: "user", content }];
    const mine = show("user", content).parentElement;
    const said = show("assistant", "…");
    try {
      const answer = await ask(words.url, { _turns: JSON.stringify(turns) });
      if (!answer.ok || !answer.body) throw new Error((await answer.json().catch(() => ({}))).error ?? "");
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let whole = "";
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        whole += piece.value;
        said.textContent = whole.replace(/\n\{"error".*$/s, "");
        log.scrollTop = log.scrollHeight;
      }
      const failed = /\n(\{"error": .*\})$/s.exec(whole);
      if (failed) throw new Error(JSON.parse(failed[1] ?? "{}").error);
      turns = [...turns, { role: "assistant", content: whole.trim() }];
    } catch (error) {
      turns = before;
      said.parentElement?.remove();
      mine?.remove();
      text.value ||= content;
      state.textContent = /** @type {Error} */ (error).message || (words.away ?? "");
    } finally {
      busy = false;
      text.focus();
    }
  }

  /** @param {boolean} shown */
  function toggle(shown) {
    if (!panel) return;
    panel.hidden = !shown;
    document.documentElement.classList.toggle("desk-chatting", shown);
    open.setAttribute("aria-expanded", String(shown));
    if (!shown) return open.focus();
    text.focus();
    if (!turns.length) void choose();
  }

  open.addEventListener("click", () => toggle(panel.hidden));
  byId("desk-chat-close", HTMLButtonElement).addEventListener("click", () => toggle(false));
  byId("desk-chat-again", HTMLButtonElement).addEventListener("click", () => void choose());
  greeting.addEventListener("change", begin);
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") toggle(false);
  });
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void send();
  });
  byId("desk-chat-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    void send();
  });
});
