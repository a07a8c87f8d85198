// The list of keys: which letter does what, and whether letters do anything.

import type { Call } from "./call.ts";
import { byId } from "./dom.ts";
import { save, sound, type Action, type Settings } from "./settings.ts";

export class KeySettings {
  private readonly _on = byId<HTMLInputElement>("keys-on");
  private readonly _fields = [...document.querySelectorAll<HTMLInputElement>("[data-key]")];
  private readonly _call: Call;

  constructor(call: Call) {
    this._call = call;
    this._on.addEventListener("change", () => this._keep({ ...call.settings, keys: this._on.checked }));
    for (const field of this._fields) {
      field.addEventListener("focus", () => field.select());
      field.addEventListener("change", () => this._change(field));
    }
    this._show();
  }

  private _show() {
    const { keys, letters } = this._call.settings;
    this._on.checked = keys;
    for (const field of this._fields) {
      field.value = letters[field.dataset.key as Action].toUpperCase();
      field.disabled = !keys;
    }
  }

  /** A letter that another action has goes to this one, and its old letter to the other: no press does two things. */
  private _change(field: HTMLInputElement) {
    const action = field.dataset.key as Action;
    const letters = { ...this._call.settings.letters };
    const letter = field.value.trim().toLowerCase();
    const other = (Object.keys(letters) as Action[]).find((name) => name !== action && letters[name] === letter);
    if (other) letters[other] = letters[action];
    letters[action] = letter;
    this._keep({ ...this._call.settings, letters });
  }

  private _keep(wished: Settings) {
    const settings = sound(wished);
    save(settings);
    void this._call.adjust(settings);
    this._show();
  }
}
