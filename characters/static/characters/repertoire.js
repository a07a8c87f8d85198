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
      fit.more > 0 && worded("It has {count} more answers.", { count: fit.more }),
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

document.addEventListener("DOMContentLoaded", () => {
  const section = document.getElementById("desk-written");
  if (section) tryWritten(section);
});
