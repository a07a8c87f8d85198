// @ts-check
// The voice in the form: those to choose from, each to be heard, and sliders beside pitch and speed.
document.addEventListener("DOMContentLoaded", () => {
  const line = document.getElementById("desk-voice-line");
  const form = /** @type {HTMLFormElement | null} */ (document.getElementById("character_form"));
  const voice = /** @type {HTMLInputElement | null} */ (document.getElementById("id_voice"));
  if (!line || !form || !voice) return;
  const words = /** @type {Record<string, string>} */ (line.dataset);
  const player = new Audio();
  const list = document.createElement("ul");
  list.className = "desk-voices";
  list.setAttribute("aria-label", words.voices ?? "");
  const state = document.createElement("p");
  state.className = "desk-hint";
  state.setAttribute("role", "status");
  voice.after(list, state);

  /** @param {string | undefined} url @param {Record<string, string>} more */
  function ask(url, more) {
    const data = new FormData(form ?? undefined);
    for (const [name, value] of [...data.entries()]) if (value instanceof File) data.delete(name);
    data.set("_character", words.character ?? "");
    // A box that is not ticked sends nothing.
    for (const box of form?.querySelectorAll("input[type=checkbox][name]:not(:checked)") ?? []) data.append("_changed", /** @type {HTMLInputElement} */ (box).name);
    for (const [name, value] of Object.entries(more)) data.set(name, value);
    return fetch(url ?? "", { method: "POST", body: data, headers: { "X-CSRFToken": String(data.get("csrfmiddlewaretoken")) } });
  }

  /** @param {Record<string, string>} more @param {HTMLButtonElement} button */
  async function hear(more, button) {
    button.disabled = true;
    state.textContent = words.speaking ?? "";
    try {
      const answer = await ask(words.voice, more);
      if (!answer.ok) throw new Error((await answer.json()).error);
      URL.revokeObjectURL(player.src);
      player.src = URL.createObjectURL(await answer.blob());
      state.textContent = "";
      await player.play().catch(() => {});
      line?.setAttribute("data-heard", more.voice ?? "");
    } catch (error) {
      state.textContent = /** @type {Error} */ (error).message || (words.away ?? "");
    } finally {
      button.disabled = false;
      button.focus();
    }
  }

  /** @param {string} text @param {string} label @param {(button: HTMLButtonElement) => void} act */
  function button(text, label, act) {
    const made = document.createElement("button");
    Object.assign(made, { type: "button", className: "desk-button", textContent: text });
    if (label) made.setAttribute("aria-label", label);
    made.addEventListener("click", () => act(made));
    return made;
  }

  function mark() {
    for (const pick of list.querySelectorAll("[data-voice]")) pick.setAttribute("aria-pressed", String(pick.getAttribute("data-voice") === voice?.value));
  }

  async function renew() {
    const answer = await ask(words.choices, {}).catch(() => null);
    /** @type {[string, string][]} */
    const known = answer?.ok ? (await answer.json()).voices : [];
    const rows = known.map(([value, label]) => {
      const row = document.createElement("li");
      const pick = button(label, "", () => {
        if (!voice) return;
        voice.value = value;
        voice.dispatchEvent(new Event("input", { bubbles: true }));
        mark();
      });
      pick.dataset.voice = value;
      row.append(pick, button("▶", (words.hear ?? "").replace("%s", label), (made) => void hear({ voice: value }, made)));
      return row;
    });
    const own = document.createElement("li");
    own.append(button(words.hearit ?? "", "", (made) => void hear({}, made)));
    list.replaceChildren(...rows, own);
    mark();
  }

  for (const [name, least, most, step] of [["voice_pitch", -12, 12, 0.5], ["voice_speed", 0.5, 2, 0.05]]) {
    const field = /** @type {HTMLInputElement | null} */ (document.getElementById(`id_${name}`));
    if (!field) continue;
    const slider = document.createElement("input");
    Object.assign(slider, { type: "range", min: String(least), max: String(most), step: String(step), value: field.value, className: "desk-slider" });
    const label = document.querySelector(`label[for=id_${name}]`)?.textContent?.replace(/[\s*]+/g, " ").trim() ?? String(name);
    slider.setAttribute("aria-label", (words.slider ?? "").replace("%s", label));
    slider.addEventListener("input", () => {
      field.value = slider.value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    field.addEventListener("input", () => {
      if (slider.value !== field.value) slider.value = field.value;
    });
    field.after(slider);
  }
  voice.addEventListener("input", mark);
  document.getElementById("id_tts_provider")?.addEventListener("change", () => void renew());
  void renew();
});
