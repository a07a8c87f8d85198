// What the character remembers of the visitor: asked for once, told as it is learnt, read, corrected and erased.

import type { Call } from "./call.ts";
import { byId, setText } from "./dom.ts";
import { save } from "./downloads.ts";
import { gettext } from "./i18n.ts";
import { ask } from "./past.ts";
import type { Memory, ServerMessage } from "./server-messages.ts";

interface Known {
  readonly character: string;
  readonly consent: "" | "yes" | "no";
  readonly memories: readonly Memory[];
}

interface About {
  readonly name: string;
  readonly slug: string;
  readonly memoriesUrl: string;
}

const LEARNT_MS = 9000; // that a note of something learnt is shown

export class MemoryPanel {
  private readonly _about: About;
  private readonly _tell: (message: string) => void;
  private readonly _asks = byId("memory-ask");
  private readonly _learnt = byId("memory-learnt");
  private readonly _list = byId("memory-list");
  private readonly _allowed = byId<HTMLInputElement>("memory-allowed");
  private _newest: readonly string[] = [];
  private _hide: ReturnType<typeof setTimeout> | undefined;

  /** @param tell says something to the visitor */
  constructor(about: About, call: Call, tell: (message: string) => void) {
    this._about = about;
    this._tell = tell;
    call.addEventListener("message", (event) => this._take((event as CustomEvent<ServerMessage>).detail));
    byId("memory-yes").addEventListener("click", () => void this._answer(true));
    byId("memory-no").addEventListener("click", () => void this._answer(false));
    byId("memory-undo").addEventListener("click", () => void this._undo());
    byId("memory-erase-all").addEventListener("click", () => void this._eraseAll());
    byId("memory-save").addEventListener("click", () => void this._save());
    this._allowed.addEventListener("change", () => void this._switch());
  }

  private _take(message: ServerMessage) {
    if (message.type !== "memory") return;
    byId("memory-open").hidden = false;
    if (message.question) setText(byId("memory-question"), message.question);
    this._asks.hidden = message.consent !== "" || Boolean(message.learnt);
    if (message.learnt?.length) this._note(message.learnt);
  }

  private _note(learnt: readonly Memory[]) {
    this._newest = learnt.map(({ id }) => id);
    const words = learnt.map(({ text }) => `“${text}”`).join(", ");
    setText(byId("memory-learnt-words"), gettext("{name} remembers: {words}", { name: this._about.name, words }));
    this._learnt.hidden = false;
    clearTimeout(this._hide);
    this._hide = setTimeout(() => this._hideNote(), LEARNT_MS);
    if (byId<HTMLDialogElement>("memory").open) void this.show();
  }

  /** Not while somebody is about to press what is in it. */
  private _hideNote() {
    if (this._learnt.contains(document.activeElement)) this._hide = setTimeout(() => this._hideNote(), LEARNT_MS);
    else this._learnt.hidden = true;
  }

  private async _answer(agreed: boolean) {
    this._asks.hidden = true;
    await this._try(() => ask(`${this._about.memoriesUrl}/consent`, "PUT", { character: this._about.slug, agreed }));
    this._tell(agreed ? gettext("You will be remembered.") : gettext("Nothing will be remembered."));
  }

  private async _undo() {
    clearTimeout(this._hide);
    await this._try(() => Promise.all(this._newest.map((id) => ask(`${this._about.memoriesUrl}/${id}`, "DELETE"))));
    this._learnt.hidden = true;
    this._tell(gettext("Forgotten."));
  }

  // --- the dialog ---

  async show() {
    let known: Known | undefined;
    try {
      [known] = ((await ask(`${this._about.memoriesUrl}?${this._query}`)) as { known: Known[] }).known;
    } catch {
      // Nobody is known here yet: then nothing is remembered.
    }
    if (this._list.querySelector("form :focus")) return; // something is being corrected
    const memories = known?.memories ?? [];
    this._allowed.checked = known?.consent === "yes";
    this._list.replaceChildren(...memories.map((memory) => this._item(memory)));
    setText(byId("memory-title"), gettext("What {name} knows about you", { name: this._about.name }));
    byId("memory-none").hidden = memories.length > 0;
    byId("memory-save").hidden = byId("memory-erase-all").hidden = memories.length === 0;
    return memories;
  }

  private get _query() { return new URLSearchParams({ character: this._about.slug }); }

  private _item(memory: Memory) {
    const item = document.createElement("li");
    item.dataset.id = memory.id;
    const words = document.createElement("b");
    words.textContent = memory.text;
    const when = document.createElement("span");
    const day = new Date(memory.at).toLocaleDateString(document.documentElement.lang, { dateStyle: "medium" });
    when.textContent = memory.times > 1 ? gettext("{day} · {times} times", { day, times: String(memory.times) }) : day;
    const actions = document.createElement("div");
    actions.className = "actions";
    actions.append(
      button(gettext("Correct"), () => this._correct(memory, words)),
      button(gettext("Forget"), () => void this._change(() => ask(`${this._about.memoriesUrl}/${memory.id}`, "DELETE"))),
    );
    item.append(words, when, actions);
    return item;
  }

  private _correct(memory: Memory, words: HTMLElement) {
    const form = document.createElement("form");
    const input = document.createElement("input");
    input.value = memory.text;
    input.maxLength = 200;
    input.required = true;
    input.setAttribute("aria-label", gettext("What is right"));
    form.append(input, button(gettext("Keep"), () => undefined, "submit"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      form.replaceWith(words);
      void this._change(() => ask(`${this._about.memoriesUrl}/${memory.id}`, "PATCH", { text: input.value.trim() }));
    });
    words.replaceWith(form);
    input.focus();
  }

  private async _switch() {
    const agreed = this._allowed.checked;
    if (!agreed && this._list.children.length && !confirm(gettext("Everything that is remembered of you is erased for good."))) {
      this._allowed.checked = true;
      return;
    }
    this._asks.hidden = true;
    await this._change(() => ask(`${this._about.memoriesUrl}/consent`, "PUT", { character: this._about.slug, agreed }));
  }

  private async _eraseAll() {
    if (!confirm(gettext("Everything that is remembered of you is erased for good."))) return;
    await this._change(() => ask(`${this._about.memoriesUrl}?${this._query}`, "DELETE"));
  }

  private async _save() {
    const memories = await this.show();
    save(`greenroom-memories-${this._about.slug}.json`, "application/json", `${JSON.stringify({ character: this._about.slug, memories }, null, 2)}\n`);
  }

  private async _change(work: () => Promise<unknown>) {
    await this._try(work);
    await this.show();
    (this._list.querySelector("button") ?? this._allowed).focus(); // what was pressed is another by now, or gone
  }

  private async _try(work: () => Promise<unknown>) {
    try {
      await work();
    } catch (error) {
      this._tell(error instanceof Error ? error.message : String(error));
    }
  }
}

function button(words: string, press: () => void, type: "button" | "submit" = "button") {
  const made = document.createElement("button");
  made.type = type;
  made.className = "small";
  made.textContent = words;
  made.addEventListener("click", press);
  return made;
}
