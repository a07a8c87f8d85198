// The settings: how the microphone hears, how the voice sounds, and a meter that shows that it works.

import type { Call } from "./call.ts";
import { byId } from "./dom.ts";
import { gettext } from "./i18n.ts";
import { level } from "./media.ts";
import { Microphone } from "./microphone.ts";
import { openness } from "./ring.ts";
import { save, sound, type Settings } from "./settings.ts";

const CHECKS = ["noise", "echo", "latency", "readOver"] as const;

export class SettingsPanel {
  private readonly _dialog = byId<HTMLDialogElement>("settings");
  private readonly _form = this._dialog.querySelector("form")!;
  private readonly _meter = this._dialog.querySelector("meter")!;
  private readonly _call: Call;
  /** Where no conversation is going on, the meter has a microphone of its own. */
  private readonly _trial: Microphone;
  private _frame = 0;

  constructor(call: Call, recorderUrl: string) {
    this._call = call;
    this._trial = new Microphone(recorderUrl, (pcm) => this._show(level(new Int16Array(pcm))));
    this._form.addEventListener("input", () => void this._changed());
    this._dialog.addEventListener("close", () => {
      this._trial.close();
      cancelAnimationFrame(this._frame);
    });
  }

  private _field<T extends Element = HTMLInputElement>(name: keyof Settings) {
    return this._form.elements.namedItem(name) as Element as T;
  }

  async open() {
    const { settings } = this._call;
    for (const name of ["mode", "volume", "speed"] as const) this._field(name).value = String(settings[name]);
    for (const name of CHECKS) this._field(name).checked = settings[name];
    await this._listDevices();
    if (this._call.live) this._follow();
    else await this._try();
  }

  /** The page speaks another language. */
  async translate() {
    await this._listDevices();
  }

  private async _listDevices() {
    const devices = await navigator.mediaDevices?.enumerateDevices().catch(() => []);
    const usual = gettext("the usual one");
    for (const [name, kind] of [["microphone", "audioinput"], ["speaker", "audiooutput"]] as const) {
      const select = this._field<HTMLSelectElement>(name);
      const found = (devices ?? []).filter((d) => d.kind === kind && d.deviceId && d.deviceId !== "default");
      const options = [new Option(usual, ""), ...found.map((d, i) => new Option(d.label || `${i + 1}`, d.deviceId))];
      select.replaceChildren(...options);
      select.value = this._call.settings[name];
      if (select.selectedIndex < 0) select.value = "";
    }
  }

  /** Opens the microphone only to show that it hears. */
  private async _try() {
    if (!this._dialog.open) return; // closed while something was waited for
    await this._trial.open(this._call.settings).catch(() => this._show(0));
    await this._listDevices(); // with their names, now that the microphone is allowed
  }

  private _follow() {
    this._show(this._call.levels.visitor);
    this._frame = requestAnimationFrame(() => this._follow());
  }

  private _show(loud: number) {
    this._meter.value = openness(loud);
  }

  private async _changed() {
    const settings = sound({
      ...this._call.settings,
      mode: this._field("mode").value,
      volume: Number(this._field("volume").value),
      speed: Number(this._field("speed").value),
      microphone: this._field("microphone").value,
      speaker: this._field("speaker").value,
      ...Object.fromEntries(CHECKS.map((name) => [name, this._field(name).checked])),
    });
    const before = this._call.settings;
    save(settings);
    await this._call.adjust(settings);
    const ears = settings.microphone + settings.noise + settings.echo;
    if (!this._call.live && ears !== before.microphone + before.noise + before.echo) await this._try();
  }
}
