// The settings: how the microphone hears, how the voice sounds, and a meter that shows that it works.

import { gettext } from "./i18n.js";
import { level, Microphone } from "./media.js";
import { openness } from "./ring.js";
import { save, sound } from "./settings.js";

export class SettingsPanel {
  /**
   * @param {HTMLDialogElement} dialog
   * @param {import("./call.js").Call} call
   * @param {string} recorderUrl
   */
  constructor(dialog, call, recorderUrl) {
    this._call = call;
    this._form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
    this._meter = /** @type {HTMLMeterElement} */ (dialog.querySelector("meter"));
    // Where no conversation is going on, the meter has a microphone of its own.
    this._trial = new Microphone(recorderUrl, (pcm) => this._show(level(new Int16Array(pcm))));
    this._form.addEventListener("input", () => void this._changed());
    dialog.addEventListener("close", () => void this._trial.close());
    /** @type {number} */
    this._frame = 0;
    dialog.addEventListener("close", () => cancelAnimationFrame(this._frame));
  }

  /** @param {string} name */
  _field(name) {
    return /** @type {HTMLInputElement} */ (this._form.elements.namedItem(name));
  }

  async open() {
    const { settings } = this._call;
    for (const name of ["mode", "volume", "speed"]) {
      this._field(name).value = String(settings[/** @type {"mode" | "volume" | "speed"} */ (name)]);
    }
    this._field("noise").checked = settings.noise;
    this._field("echo").checked = settings.echo;
    await this._listDevices();
    if (this._call.live) this._follow();
    else await this._try();
  }

  async _listDevices() {
    const devices = await navigator.mediaDevices?.enumerateDevices().catch(() => []);
    const usual = gettext("the usual one");
    for (const [name, kind] of [["microphone", "audioinput"], ["speaker", "audiooutput"]]) {
      const select = /** @type {HTMLSelectElement} */ (/** @type {unknown} */ (this._field(name)));
      const found = (devices ?? []).filter((d) => d.kind === kind && d.deviceId && d.deviceId !== "default");
      const options = [new Option(usual, ""), ...found.map((d, i) => new Option(d.label || `${i + 1}`, d.deviceId))];
      select.replaceChildren(...options);
      select.value = this._call.settings[/** @type {"microphone" | "speaker"} */ (name)];
      if (select.selectedIndex < 0) select.value = "";
    }
  }

  /** Opens the microphone only to show that it hears. */
  async _try() {
    await this._trial.open(this._call.settings).catch(() => this._show(0));
    await this._listDevices(); // with their names, now that the microphone is allowed
  }

  _follow() {
    this._show(this._call.levels.visitor);
    this._frame = requestAnimationFrame(() => this._follow());
  }

  /** @param {number} loud */
  _show(loud) {
    this._meter.value = openness(loud);
  }

  async _changed() {
    const settings = sound({
      mode: this._field("mode").value,
      volume: Number(this._field("volume").value),
      speed: Number(this._field("speed").value),
      microphone: this._field("microphone").value,
      speaker: this._field("speaker").value,
      noise: this._field("noise").checked,
      echo: this._field("echo").checked,
    });
    const before = this._call.settings;
    save(settings);
    await this._call.adjust(settings);
    const ears = settings.microphone + settings.noise + settings.echo;
    if (!this._call.live && ears !== before.microphone + before.noise + before.echo) await this._try();
  }
}
