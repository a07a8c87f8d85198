// @ts-check
// Who does all three in the form: while somebody does, the three stages have no effect, and are out of reach.
document.addEventListener("DOMContentLoaded", () => {
  const whole = /** @type {HTMLSelectElement | null} */ (document.getElementById("id_speech_to_speech_provider"));
  if (!whole) return;
  const stages = ["tts", "llm", "stt"].flatMap((stage) => [`id_${stage}_provider`, `id_${stage}_model`]);

  function show() {
    const unused = whole?.value !== "";
    // Inert, not disabled: what was chosen is sent with the form, and there when it is wanted again.
    for (const id of stages) {
      for (const part of [document.getElementById(id), document.querySelector(`label[for="${id}"]`)]) {
        part?.toggleAttribute("inert", unused);
        part?.classList.toggle("desk-unused", unused);
      }
    }
  }

  whole.addEventListener("change", show);
  show();
});
