// @ts-check
/// <reference path="desk.js" />
// The repertoire box: which written exchange would answer what a visitor might say. What comes back is put in
// as text. `make`, `worded`, `token` and `typedForm` are of desk.js, which the page loads before.

/**
 * @typedef {{first: string, nearest: string, answer: string, more: number, sure: number, words: string,
 *   followsUp: boolean, shown: boolean}} Fit
 * @typedef {{fits: Fit[], speaks: string, said: string, byMeaning: boolean}} Written
 */

/** @param {HTMLElement} section */
function tryWritten(section) {
  const asked = /** @type {HTMLInputElement} */ (document.getElementById("desk-asked"));
  const answer = /** @type {HTMLElement} */ (document.getElementById("desk-answer"));
  const talk = /** @type {HTMLTextAreaElement} */ (document.getElementById("desk-talk"));
  const desk = /** @type {HTMLElement} */ (document.getElementById("desk"));
  let round = 0;

  async function ask() {
    if (!asked.value.trim()) return asked.focus();
    const mine = ++round;
    const data = typedForm(desk.dataset.character ?? "");
    data.set("_talk", talk.value);
    data.set("_asked", asked.value);
    answer.setAttribute("aria-busy", "true");
    try {
      const found = await fetch(section.dataset.written ?? "", { method: "POST", body: data, headers: { "X-CSRFToken": token() } });
      const written = await found.json();
      if (mine === round) answer.replaceChildren(...(found.ok ? shown(written) : [make("p", { text: written.error })]));
    } catch {
      if (mine === round) answer.replaceChildren(make("p", { text: worded("The server did not answer. What you type is still here.") }));
    } finally {
      if (mine === round) answer.removeAttribute("aria-busy");
    }
  }

  /** @param {Written} written */
  function shown(written) {
    const says = make("p", { className: "desk-says" }, make("b", { text: written.speaks }));
    if (written.said) says.append(make("span", { text: written.said }));
    const title = make("h4", { text: written.fits.length ? worded("What fits best") : worded("No exchange fits at all.") });
    const list = make("ol", { className: "desk-fits" }, ...written.fits.map(fitted));
    const letters = make("p", { className: "desk-hint", text: worded("Compared by letters alone: what is written is still being read, or cannot be on this machine.") });
    return [says, title, list, ...(written.byMeaning || !written.fits.length ? [] : [letters])];
  }

  /** @param {Fit} fit */
  function fitted(fit) {
    const meter = /** @type {HTMLMeterElement} */ (make("meter"));
    Object.assign(meter, { min: 0, max: 100, value: fit.sure, ariaLabel: worded("How sure") });
    const sure = make("span", { className: "desk-sure", text: worded("{words}, {percent} %", { words: fit.words, percent: fit.sure }) });
    const notes = [
      fit.nearest && worded("Nearest wording: “{nearest}”.", { nearest: fit.nearest }),
      fit.more > 0 && worded("More answers: {count}.", { count: fit.more }),
      fit.followsUp && worded("A follow-up of what was said last."),
      fit.shown && worded("The model sees it."),
    ].filter(Boolean);
    return make(
      "li",
      {},
      make("b", { text: fit.first }),
      make("q", { text: fit.answer }),
      make("div", { className: "desk-sureness" }, meter, sure),
      ...(notes.length ? [make("small", { text: notes.join(" ") })] : []),
    );
  }

  document.getElementById("desk-asked-form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    void ask();
  });
  document.addEventListener("repertoire:try", (event) => {
    asked.value = /** @type {CustomEvent<string>} */ (event).detail;
    void ask();
  });
}

/**
 * What visitors asked and nobody had written, each with the form of an exchange for it.
 * @param {HTMLElement} card
 */
function readUnwritten(card) {
  const read = /** @type {HTMLButtonElement} */ (document.getElementById("desk-unwritten-read"));
  const said = /** @type {HTMLElement} */ (document.getElementById("desk-unwritten-said"));
  const list = /** @type {HTMLElement} */ (document.getElementById("desk-unwritten-list"));
  const examples = /** @type {HTMLTextAreaElement | null} */ (document.getElementById("id_examples"));

  async function ask() {
    read.disabled = true;
    said.textContent = worded("Reading what was asked…");
    try {
      const answer = await fetch(card.dataset.url ?? "", { method: "POST", headers: { "X-CSRFToken": token() } });
      const found = await answer.json();
      said.textContent = answer.ok ? `${found.told} ${found.questions.length ? "" : worded("All that was asked is written by now.")}` : found.error;
      list.replaceChildren(...(found.questions ?? []).map(shown));
    } catch {
      said.textContent = worded("The server did not answer. Try again.");
    } finally {
      read.disabled = false;
    }
  }

  /** @param {{wordings: string[], often: string}} question */
  function shown(question) {
    const [first = "", ...others] = question.wordings;
    const write = /** @type {HTMLButtonElement} */ (make("button", { text: worded("Write an answer"), className: "desk-button" }));
    write.type = "button";
    const item = make("li", {}, make("b", { text: first }), ...others.map((text) => make("span", { text })), make("small", { text: question.often }));
    if (examples) item.append(make("div", {}, write));
    write.addEventListener("click", () => {
      const form = exchange(question.wordings, item);
      write.parentElement?.replaceWith(form);
      form.querySelectorAll("textarea")[1]?.focus();
    });
    return item;
  }

  /** @param {string[]} wordings @param {HTMLElement} item */
  function exchange(wordings, item) {
    /** @param {string} label @param {string} value */
    const box = (label, value) => {
      const area = /** @type {HTMLTextAreaElement} */ (make("textarea"));
      Object.assign(area, { value, rows: 2, required: true });
      return { area, line: make("label", {}, make("span", { text: label }), area) };
    };
    const asked = box(worded("What visitors say, one wording a line"), wordings.join("\n"));
    const answers = box(worded("What it answers, one answer a line"), "");
    const put = make("button", { text: worded("Put it among the example exchanges"), className: "desk-button" });
    const form = make("form", { className: "desk-exchange" }, asked.line, answers.line, put);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const [questions, replies] = [lines(asked.area.value), lines(answers.area.value)];
      if (!questions.length || !replies.length) return (questions.length ? answers : asked).area.focus();
      add(questions, replies);
      const done = make("small", { text: worded("It is among the example exchanges now. Save the character to keep it.") });
      done.tabIndex = -1;
      form.replaceWith(done);
      item.classList.add("written");
      done.focus();
    });
    return form;
  }

  /** @param {string} text */
  const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

  /** What a visitor typed is no macro. @param {string[]} asked @param {string[]} answers */
  function add(asked, answers) {
    if (!examples) return;
    const before = examples.value.trimEnd();
    // Without any <START> every exchange stands on its own; the first one would join all before it.
    const start = !before || /<START>/i.test(before) ? ["<START>"] : [];
    const block = [...start, ...asked.map((line) => `{{user}}: ${line.replaceAll(/[{}]/g, "")}`), ...answers.map((line) => `{{char}}: ${line}`)];
    examples.value = `${before}${before ? "\n" : ""}${block.join("\n")}\n`;
    examples.dispatchEvent(new Event("input", { bubbles: true }));
    document.dispatchEvent(new CustomEvent("repertoire:try", { detail: asked[0] ?? "" }));
  }

  read.addEventListener("click", () => void ask());
}

document.addEventListener("DOMContentLoaded", () => {
  const section = document.getElementById("desk-written");
  if (section) tryWritten(section);
  const card = document.getElementById("desk-unwritten");
  if (card) readUnwritten(card);
});
