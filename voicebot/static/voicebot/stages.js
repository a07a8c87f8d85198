// @ts-check
// The operators' page of the stages: tries one, and shows what came of it. Answers are put in as text.

const page = /** @type {HTMLElement} */ (document.getElementById("stages"));
const token = /** @type {HTMLInputElement} */ (page.querySelector("[name=csrfmiddlewaretoken]")).value;

/** @param {HTMLButtonElement} button */
async function tryOne(button) {
  const outcome = /** @type {HTMLElement} */ (button.closest("li")?.querySelector(".stage-outcome"));
  outcome.hidden = false;
  outcome.classList.remove("wrong");
  outcome.textContent = page.dataset.trying ?? "";
  button.disabled = true;
  const form = new FormData();
  form.append("stage", button.dataset.stage ?? "");
  form.append("name", button.dataset.name ?? "");
  try {
    const answer = await fetch(page.dataset.url ?? "", {
      method: "POST",
      body: form,
      headers: { "X-CSRFToken": token },
    });
    const told = await answer.json();
    outcome.classList.toggle("wrong", !answer.ok);
    outcome.textContent = answer.ok ? `${told.words} (${took(told)})` : told.error;
    if (told.wav) play(outcome, told.wav);
  } catch {
    outcome.classList.add("wrong");
    outcome.textContent = page.dataset.lost ?? "";
  }
  button.disabled = false;
}

/** @param {{firstSecs: number, secs: number}} told */
const took = (told) =>
  (page.dataset.took ?? "").replace("{first}", String(told.firstSecs)).replace("{all}", String(told.secs));

/**
 * @param {HTMLElement} outcome
 * @param {string} wav in base64
 */
function play(outcome, wav) {
  const sound = document.createElement("audio");
  sound.controls = true;
  const bytes = Uint8Array.from(atob(wav), (letter) => letter.charCodeAt(0));
  sound.src = URL.createObjectURL(new Blob([bytes], { type: "audio/wav" }));
  outcome.append(sound);
  void sound.play().catch(() => undefined); // where a browser wants a press of its own
}

for (const button of page.querySelectorAll("button")) {
  button.addEventListener("click", () => void tryOne(button));
}
