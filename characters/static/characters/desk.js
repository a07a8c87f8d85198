// @ts-check
// The editor's desk: cards dropped onto the list, and the rehearsal beside the form. What comes back from
// the server is put in as text, never as markup: cards are written by strangers.

const BATCH_FILES = 20; // of one drop that are sent at once
const WAIT_MS = 450; // after the last key, before the server is asked

/**
 * @param {string} name
 * @param {{text?: string, className?: string}} [options]
 * @param {...Node} children
 */
function make(name, { text = "", className = "" } = {}, ...children) {
  const element = document.createElement(name);
  if (text) element.textContent = text;
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/**
 * A sentence in the reader's language, out of Django's catalogue of `admin:jsi18n`, with values for its {names}.
 * @param {string} message as it stands in the source, in English
 * @param {Record<string, string | number>} [values]
 */
function worded(message, values = {}) {
  const said = /** @type {string} */ (/** @type {any} */ (window).gettext?.(message) ?? message);
  return said.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

const token = () =>
  /** @type {HTMLInputElement | null} */ (document.querySelector("[name=csrfmiddlewaretoken]"))?.value ?? "";

// --- cards onto the list ---

/** @param {HTMLElement} zone */
function takeDrops(zone) {
  const report = /** @type {HTMLElement} */ (document.getElementById("desk-report"));
  const choose = /** @type {HTMLInputElement} */ (zone.querySelector("input[type=file]"));
  // The theme looks for a text field beside every file field, and stumbles where there is none.
  Object.assign(choose, { hasChangeListener: true });

  /** @param {FileList | undefined} files In batches, so that any number arrives; each one's report shows as it comes. */
  async function send(files) {
    if (!files?.length) return;
    const all = [...files];
    const said = make("li");
    report.replaceChildren(said);
    for (let at = 0; at < all.length; at += BATCH_FILES) {
      said.textContent = all.length === 1 ? worded("Reading 1 card…") : worded("Reading {all} cards, {done} done…", { all: all.length, done: at });
      report.append(...(await sendBatch(all.slice(at, at + BATCH_FILES))));
    }
    const refused = report.querySelectorAll(".refused, .desk-question").length;
    said.textContent = all.length === 1 ? "" : worded("{taken} of {all} cards were taken.", { taken: all.length - refused, all: all.length });
    said.hidden = all.length === 1;
    await renewList();
  }

  /** @param {File[]} files */
  async function sendBatch(files) {
    const form = new FormData();
    for (const file of files) form.append("cards", file);
    try {
      const answer = await fetch(zone.dataset.url ?? "", {
        method: "POST",
        body: form,
        headers: { "X-CSRFToken": token() },
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const { cards } = await answer.json();
      return cards.map(outcome);
    } catch {
      if (files.length > 1) {
        // One of them is too much for the server: the others are not to suffer for it.
        const apart = [];
        for (const file of files) apart.push(...(await sendBatch([file])));
        return apart;
      }
      return [make("li", { className: "refused", text: `${files[0]?.name}: ${worded("The server did not take that. Try again.")}` })];
    }
  }

  /** The list as it is now, in place. */
  async function renewList() {
    const old = document.getElementById("changelist");
    const answer = old && (await fetch(location.href).catch(() => null));
    if (!old || !answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("changelist");
    if (!fresh) return;
    old.replaceWith(document.adoptNode(fresh));
    // The theme's own script for the boxes beside the rows.
    const parent = fresh.querySelector(".result-list-wrapper");
    const boxes = fresh.querySelectorAll("tr input.action-select");
    if (parent && boxes.length) /** @type {any} */ (window).Actions?.(boxes, { parent });
  }

  /** The files of the last drop by name: a question about one is answered by sending it again. @type {Map<string, File>} */
  const brought = new Map();
  /** @param {FileList | null | undefined} files */
  const remember = (files) => [...(files ?? [])].forEach((file) => brought.set(file.name, file));
  document.addEventListener("drop", (event) => remember(event.dataTransfer?.files), { capture: true });
  choose.addEventListener("change", () => remember(choose.files), { capture: true });

  /**
   * @typedef {{understood: string[], without_effect: string[], left_out: string[]}} Report
   * @typedef {{name: string, address: string, characters: {pk: number, name: string, address: string}[]}} Question
   * @param {{file: string, name?: string, address?: string, updated?: boolean, url?: string, report?: Report,
   *   question?: Question, error?: string}} card
   */
  function outcome(card) {
    if (card.error) return make("li", { className: "refused", text: `${card.file}: ${card.error}` });
    if (card.question) return asked(card.file, card.question);
    const link = /** @type {HTMLAnchorElement} */ (make("a", { text: card.name }));
    link.href = card.url ?? "";
    const values = { address: card.address ?? "" };
    const what = card.updated ? worded("has a new draft, at the address {address}.", values) : worded("is a draft now, at the address {address}.", values);
    return make("li", {}, link, document.createTextNode(` ${what}`), ...told(card.report));
  }

  /** What became of a file, in three short lists. @param {Report | undefined} report */
  function told(report) {
    const groups = /** @type {[string, string[]][]} */ ([
      ["", report?.understood ?? []],
      [worded("Kept, without effect"), report?.without_effect ?? []],
      [worded("Left out"), report?.left_out ?? []],
    ]);
    return groups
      .filter(([, sentences]) => sentences.length)
      .map(([title, sentences]) => {
        const items = sentences.map((sentence) => make("li", { text: sentence }));
        const list = make("ul", { className: "desk-told" }, ...items);
        return title ? make("div", {}, make("b", { text: title }), list) : list;
      });
  }

  /** A character of that name is there: which is meant? @param {string} name @param {Question} question */
  function asked(name, question) {
    const item = make("li", { className: "desk-question" });
    const address = /** @type {HTMLInputElement} */ (make("input"));
    Object.assign(address, { value: question.address, maxLength: 50, ariaLabel: worded("Its address") });
    /** @param {string} text @param {string} choice */
    const button = (text, choice) => {
      const made = /** @type {HTMLButtonElement} */ (make("button", { text, className: "desk-button" }));
      made.type = "button";
      made.addEventListener("click", () => void answered(item, name, choice, address.value));
      return made;
    };
    item.append(
      make("span", { text: `${name}: ${worded("{name} is there already. Is this the same character?", { name: question.name })}` }),
      ...question.characters.map((one) => button(worded("Update {name} ({address})", { name: one.name, address: one.address }), `update:${one.pk}`)),
      button(worded("A new character"), "new"),
      make("label", { text: `${worded("at the address")} ` }, address),
    );
    return item;
  }

  /** @param {HTMLElement} item @param {string} name @param {string} choice @param {string} address */
  async function answered(item, name, choice, address) {
    const file = brought.get(name);
    if (!file) return;
    const form = new FormData();
    form.append("cards", file);
    form.append("choice", choice);
    if (choice === "new") form.append("address", address.trim());
    try {
      const answer = await fetch(zone.dataset.url ?? "", { method: "POST", body: form, headers: { "X-CSRFToken": token() } });
      if (!answer.ok) throw new Error(String(answer.status));
      const { cards } = await answer.json();
      const said = outcome(cards[0]);
      item.replaceWith(said);
      said.querySelector("a")?.focus();
      await renewList();
    } catch {
      item.append(make("span", { className: "refused", text: worded("The server did not take that. Try again.") }));
    }
  }

  for (const kind of ["dragenter", "dragover"]) {
    document.addEventListener(kind, (event) => {
      if (!(/** @type {DragEvent} */ (event).dataTransfer?.types.includes("Files"))) return;
      event.preventDefault();
      zone.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) zone.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    zone.classList.remove("over");
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    void send(event.dataTransfer.files);
  });
  choose.addEventListener("change", () => void send(choose.files ?? undefined));
}

// --- what is in the form ---

/** Whether a field says something else than what is stored. */
function differs(/** @type {any} */ control) {
  if (control.type === "checkbox" || control.type === "radio") return control.checked !== control.defaultChecked;
  if (!control.options) return control.value !== control.defaultValue;
  return [...control.options].some((option) => option.selected !== option.defaultSelected);
}

/**
 * What is in the form now and is not stored, and the entry of lore that is open; without the portrait.
 * @param {string} character its row, "" of one that is not saved yet
 */
function typedForm(character) {
  const form = /** @type {HTMLFormElement} */ (document.getElementById("character_form"));
  const data = new FormData();
  const refused = form.querySelector(".errorlist, .errornote") !== null; // then the page shows what was typed
  for (const control of /** @type {Iterable<any>} */ (form.elements)) {
    if (!control.name || control.type === "file" || control.name === "csrfmiddlewaretoken") continue;
    if (character && !refused && !differs(control)) continue;
    data.append("_changed", control.name);
    if (!["checkbox", "radio"].includes(control.type) || control.checked) data.append(control.name, control.value);
  }
  const entry = /** @type {HTMLFormElement | null} */ (document.querySelector("#lore .lore-form"));
  if (entry) {
    data.set("_entry", entry.dataset.entry || "new");
    for (const [name, value] of new FormData(entry)) data.append(`_entry-${name}`, value);
  }
  data.set("_character", character);
  return data;
}

// --- the rehearsal ---

/** @param {HTMLElement} desk */
function rehearse(desk) {
  const form = /** @type {HTMLFormElement} */ (document.getElementById("character_form"));
  const talk = /** @type {HTMLTextAreaElement} */ (document.getElementById("desk-talk"));
  const visitor = /** @type {HTMLTextAreaElement} */ (document.getElementById("desk-visitor"));
  const sentence = /** @type {HTMLInputElement} */ (document.getElementById("desk-sentence"));
  const greets = /** @type {HTMLSelectElement} */ (document.getElementById("desk-greets"));
  const audio = /** @type {HTMLAudioElement} */ (document.getElementById("desk-audio"));
  const speak = /** @type {HTMLButtonElement} */ (document.getElementById("desk-speak"));
  /** @param {string} id */
  const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
  let round = 0;
  let timer = 0;

  function typed() {
    const data = typedForm(desk.dataset.character ?? "");
    data.set("_talk", talk.value);
    data.set("_visitor", visitor.value);
    data.set("_sentence", sentence.value);
    data.set("_greeting", greets.value);
    return data;
  }

  /** @param {string | undefined} url */
  const ask = (url) => fetch(url ?? "", { method: "POST", body: typed(), headers: { "X-CSRFToken": token() } });

  async function refresh() {
    const mine = ++round;
    try {
      const answer = await ask(desk.dataset.prompt);
      if (!answer.ok) throw new Error("refused");
      const prompt = await answer.json();
      if (mine !== round) return; // something newer was typed meanwhile
      showPrompt(prompt);
      showLore(prompt.lore);
      showTools(prompt.tools);
      showDocuments(prompt.documents);
      desk.dataset.round = String(mine);
    } catch {
      if (mine === round) byId("desk-tokens").textContent = worded("The server did not answer. What you type is still here.");
    }
  }

  /**
   * @param {{messages: {role: string, content: string}[], examples: number, greeting: string, greetings: number, tokens: number,
   *   exact: boolean, limit: number, model: string, cut: string[]}} shown
   */
  function showPrompt(shown) {
    for (let number = greets.length; number < shown.greetings; number++)
      greets.add(new Option((greets.dataset.label ?? "").replace("%s", String(number + 1)), String(number)));
    while (greets.length > Math.max(1, shown.greetings)) greets.remove(greets.length - 1);
    byId("desk-greets-line").hidden = shown.greetings < 2;
    const values = { tokens: shown.tokens, limit: shown.limit, model: shown.model };
    const length = shown.exact ? worded("{tokens} of the {limit} tokens.", values) : worded("about {tokens} of the {limit} tokens.", values);
    const model = shown.model ? ` ${worded("The model is {model}.", values)}` : "";
    const cut = shown.cut.length ? ` ${worded("Cut to fit: {what}.", { what: [...new Set(shown.cut)].join(", ") })}` : "";
    byId("desk-tokens").textContent = `${length}${model}${cut}`;
    /** @type {HTMLMeterElement} */ (byId("desk-meter")).value = Math.min(1, shown.tokens / shown.limit);
    const names = { system: worded("instructions"), user: worded("visitor"), assistant: worded("character") };
    const items = shown.messages.map((message, at) => {
      const example = at > 0 && at <= shown.examples ? worded(", an example") : "";
      const who = `${names[/** @type {keyof typeof names} */ (message.role)] ?? message.role}${example}`;
      const item = make("li", {}, make("b", { text: who }), document.createTextNode(message.content));
      item.dataset.role = message.role;
      return item;
    });
    if (shown.greeting) {
      const item = make("li", {}, make("b", { text: worded("character, the greeting a visitor hears") }), document.createTextNode(shown.greeting));
      item.dataset.role = "assistant";
      items.push(item);
    }
    byId("desk-prompt").replaceChildren(...items);
  }

  /**
   * @param {{entries: {title: string, fired: boolean, why: string, ignored: string[]}[], tokens: number,
   *   budget: number, milliseconds: number, notes: string[], left_out: string[]}} found
   */
  function showLore(found) {
    const fired = found.entries.filter((entry) => entry.fired).length;
    byId("desk-lore-sum").textContent = found.entries.length
      ? worded("{fired} of {all} entries, {tokens} of {budget} tokens, {ms} ms.", {
          fired,
          all: found.entries.length,
          tokens: found.tokens,
          budget: found.budget,
          ms: found.milliseconds,
        })
      : worded("This character has no lore yet.");
    const left = found.left_out.length ? [worded("No room on this turn for: {names}.", { names: found.left_out.join(", ") })] : [];
    byId("desk-lore-notes").replaceChildren(...[...left, ...found.notes].map((text) => make("li", { text })));
    byId("desk-lore").replaceChildren(
      ...found.entries.map((entry) => {
        const ignored = entry.ignored.length ? ` ${worded("(not understood: {names})", { names: entry.ignored.join(", ") })}` : "";
        const name = make("b", { text: entry.title });
        return make("li", { className: entry.fired ? "fired" : "" }, name, document.createTextNode(`: ${entry.why}${ignored}`));
      }),
    );
  }
  /** @param {{name: string, called: boolean, why: string}[]} found */
  function showTools(found) {
    byId("desk-tools-part").hidden = !found.length;
    byId("desk-tools").replaceChildren(
      ...found.map((tool) => {
        const name = make("b", { text: tool.name });
        return make("li", { className: tool.called ? "fired" : "" }, name, document.createTextNode(`: ${tool.why}`));
      }),
    );
  }

  /** @param {{known: number, passages: {text: string, source: string, score: number}[]}} found */
  function showDocuments(found) {
    byId("desk-read-sum").textContent = found.known
      ? worded("Passages that answer the last line of the visitor: {count}.", { count: found.passages.length })
      : worded("This character has no documents yet.");
    byId("desk-read").replaceChildren(
      ...found.passages.map((passage) => {
        const near = make("small", { text: worded("From {source}, near by {percent} %.", { source: passage.source, percent: passage.score }) });
        return make("li", {}, make("q", { text: passage.text }), near);
      }),
    );
  }

  async function hear() {
    const state = byId("desk-voice-state");
    state.textContent = worded("Speaking…");
    speak.disabled = true;
    try {
      const answer = await ask(desk.dataset.voice);
      if (!answer.ok) {
        const { error } = await answer.json();
        state.textContent = error;
        return;
      }
      if (audio.src) URL.revokeObjectURL(audio.src);
      audio.src = URL.createObjectURL(await answer.blob());
      audio.hidden = false;
      state.textContent = "";
      await audio.play().catch(() => {});
    } catch {
      state.textContent = worded("The voice did not answer. Try again.");
    } finally {
      speak.disabled = false;
    }
  }

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void refresh(), WAIT_MS);
  };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  talk.addEventListener("input", soon);
  visitor.addEventListener("input", soon);
  greets.addEventListener("change", soon);
  document.addEventListener("lore:change", soon);
  speak.addEventListener("click", () => void hear());
  void refresh();
}

document.addEventListener("DOMContentLoaded", () => {
  const zone = document.getElementById("desk-drop");
  if (zone) takeDrops(zone);
  const desk = document.getElementById("desk");
  if (desk) rehearse(desk);
});
