// @ts-check
// The editor of a lorebook: entries as light rows, of which one is open. What comes back as rows is put in as
// text, never as markup; the form of an entry is a page of ours.

/** @typedef {{id: number, revision: number, title: string, keys: string, excerpt: string, enabled: boolean, constant: boolean}} Row */

/** @param {HTMLElement} section */
function editLore(section) {
  const words = section.dataset;
  /** @param {string} id */
  const byId = (id) => /** @type {any} */ (document.getElementById(id));
  const list = /** @type {HTMLUListElement} */ (byId("lore-rows"));
  const template = /** @type {HTMLTemplateElement} */ (byId("lore-row"));
  const search = /** @type {HTMLInputElement} */ (byId("lore-search"));
  const fresh = /** @type {HTMLElement} */ (byId("lore-fresh"));
  const csrf = /** @type {HTMLInputElement} */ (section.querySelector("[name=csrfmiddlewaretoken]")).value;
  /** @type {Map<number, {row: Row, item: HTMLLIElement}>} */
  const shown = new Map();
  let next = /** @type {number | null} */ (0);
  let asked = 0; // searches so far
  let timer = 0;
  let saving = /** @type {Promise<boolean> | null} */ (null);

  const form = () => /** @type {HTMLFormElement | null} */ (section.querySelector(".lore-form"));
  const dirty = () => form()?.dataset.dirty === "yes";
  const changed = () => document.dispatchEvent(new CustomEvent("lore:change"));
  /** @param {string} text */
  const say = (text) => (byId("lore-said").textContent = text);

  /**
   * @param {string} url
   * @param {RequestInit} [more]
   */
  const ask = (url, more = {}) =>
    fetch(url, { ...more, headers: { Accept: "application/json", "X-CSRFToken": csrf } });

  // --- the list ---

  /** @param {number} count how many rows at least, all of them new */
  async function load(count = 0) {
    const mine = ++asked;
    const query = new URLSearchParams({ q: search.value, from: "0", count: String(Math.max(count, 100)) });
    await take(mine, query, true);
  }

  async function more() {
    if (next === null) return;
    const query = new URLSearchParams({ q: search.value, from: String(next) });
    next = null; // until the answer is there
    await take(asked, query, false);
  }

  /**
   * @param {number} mine
   * @param {URLSearchParams} query
   * @param {boolean} anew
   */
  async function take(mine, query, anew) {
    try {
      const answer = await ask(`${words.rows}?${query}`);
      if (!answer.ok) throw new Error(String(answer.status));
      const page = await answer.json();
      if (mine === asked) show(page, anew);
    } catch {
      say(words.saidLost ?? "");
    }
  }

  /**
   * @param {{rows: Row[], matching: number, total: number, next: number | null}} page
   * @param {boolean} anew
   */
  function show(page, anew) {
    const had = new Map(shown);
    if (anew) shown.clear();
    for (const row of page.rows) {
      const item = had.get(row.id)?.item ?? made();
      fill(item, row);
      shown.set(row.id, { row, item });
    }
    if (anew) {
      const kept = new Set([...shown.values()].map(({ item }) => item));
      const open = form()?.closest("li");
      for (const item of [...list.children]) if (!kept.has(/** @type {any} */ (item)) && item !== open) item.remove();
    }
    for (const { item } of shown.values()) if (anew || !item.isConnected) list.append(item);
    next = page.next;
    byId("lore-more").hidden = next === null;
    byId("lore-count").textContent = page.total
      ? (words.saidCount ?? "").replace("{matching}", String(page.matching)).replace("{total}", String(page.total))
      : words.saidNone ?? "";
    choose();
  }

  const made = () =>
    /** @type {HTMLLIElement} */ (/** @type {DocumentFragment} */ (template.content.cloneNode(true)).firstElementChild);

  /**
   * @param {HTMLLIElement} item
   * @param {Row} row
   */
  function fill(item, row) {
    /** @param {string} name */
    const part = (name) => /** @type {any} */ (item.querySelector(name));
    item.dataset.id = String(row.id);
    item.classList.toggle("off", !row.enabled);
    part(".lore-open b").textContent = row.title;
    part(".lore-keys").textContent = row.keys;
    part(".lore-excerpt").textContent = row.excerpt;
    part(".lore-always").hidden = !row.constant;
    part(".lore-switch")?.setAttribute("aria-checked", String(row.enabled));
    for (const name of [".lore-pick", ".lore-switch", ".lore-up", ".lore-down"]) {
      const control = part(name);
      if (!control) continue;
      control.dataset.word ??= control.getAttribute("aria-label");
      control.setAttribute("aria-label", `${control.dataset.word}: ${row.title}`);
    }
  }

  // --- several at once ---

  const picked = () =>
    [...shown.values()].filter(({ item }) => /** @type {any} */ (item.querySelector(".lore-pick"))?.checked);

  function choose() {
    const all = /** @type {HTMLInputElement | null} */ (byId("lore-all"));
    if (!all) return;
    const count = picked().length;
    for (const button of byId("lore-chosen").querySelectorAll("button")) button.disabled = !count && !all.checked;
    if (count) say((words.saidChosen ?? "").replace("{count}", String(all.checked ? byId("lore-count").textContent : count)));
  }

  /**
   * @param {string} action
   * @param {Row[] | null} rows null for all that match the search
   * @param {Record<string, string>} [more]
   */
  async function act(action, rows, more = {}) {
    const data = new URLSearchParams({ action, ...more });
    if (rows === null) {
      data.set("all", "1");
      data.set("q", search.value);
    }
    for (const row of rows ?? []) {
      data.append("id", String(row.id));
      data.append("revision", String(row.revision));
    }
    try {
      const answer = await ask(words.do ?? "", { method: "POST", body: data });
      if (!answer.ok && answer.status !== 400) throw new Error(String(answer.status));
      const outcome = await answer.json();
      const undo = byId("lore-undo");
      undo.hidden = !outcome.undo;
      undo.dataset.undo = outcome.undo ?? "";
      await load(shown.size);
      say(outcome.said); // once the list shows it
      follow(action, rows);
      changed();
      return outcome;
    } catch {
      say(words.saidLost ?? "");
    }
    return null;
  }

  /**
   * The open form knows what was done to its row from the list.
   * @param {string} action
   * @param {Row[] | null} rows
   */
  function follow(action, rows) {
    const open = form();
    const row = open && shown.get(Number(open.dataset.entry))?.row;
    if (!open || !row || (action !== "on" && action !== "off")) return;
    if (rows && !rows.some((one) => one.id === row.id)) return;
    /** @type {any} */ (open.elements.namedItem("enabled")).checked = row.enabled;
    /** @type {any} */ (open.elements.namedItem("revision")).value = String(row.revision);
  }

  /**
   * @param {Row} row
   * @param {number} step
   * @param {HTMLElement} button
   */
  async function move(row, step, button) {
    const order = [...shown.keys()];
    const at = order.indexOf(row.id);
    const before = step < 0 ? order[at - 1] : order[at + 2];
    if (step < 0 ? at === 0 : at === order.length - 1) return;
    await act("move", [row], before === undefined ? {} : { before: String(before) });
    button.focus();
  }

  // --- one entry ---

  /**
   * @param {string} url
   * @param {HTMLElement} place
   */
  async function open(url, place) {
    if (dirty() && !(await save())) return;
    close();
    try {
      const answer = await ask(`${url}?fragment`);
      if (!answer.ok && answer.status !== 410) throw new Error(String(answer.status));
      put(place, await answer.text());
      /** @type {HTMLElement | null | undefined} */ (form()?.querySelector("input:not([type=hidden])"))?.focus();
    } catch {
      say(words.saidLost ?? "");
    }
  }

  /**
   * The form of an entry as the server wrote it.
   * @param {HTMLElement} place
   * @param {string} html
   */
  function put(place, html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const fresh = /** @type {HTMLFormElement | null} */ (page.querySelector(".lore-form"));
    if (!fresh) throw new Error("no form"); // some other page: what is typed stays
    form()?.remove();
    place.append(fresh);
    place.scrollIntoView({ block: "start" });
    place.querySelector(".lore-open")?.setAttribute("aria-expanded", "true");
    for (const hidden of fresh.querySelectorAll(".lore-close, [data-take]")) /** @type {any} */ (hidden).hidden = false;
    changed();
  }

  function close() {
    const item = form()?.closest("li");
    form()?.remove();
    const button = /** @type {HTMLElement | null | undefined} */ (item?.querySelector(".lore-open"));
    button?.setAttribute("aria-expanded", "false");
    changed();
    return button;
  }

  /** Whether it was saved. Two at once would be two entries, or a conflict with oneself. */
  function save() {
    saving ??= send().finally(() => (saving = null));
    return saving;
  }

  async function send() {
    const typed = form();
    if (!typed) return true;
    const state = /** @type {HTMLElement} */ (typed.querySelector("[role=status]"));
    const data = new URLSearchParams(/** @type {any} */ (new FormData(typed)));
    typed.dataset.dirty = "";
    try {
      const answer = await ask(typed.action, { method: "POST", body: data });
      if (answer.ok) {
        const { row, said } = await answer.json();
        const isNew = !typed.dataset.entry;
        const goesOn = typed.dataset.dirty === "yes"; // typed while the rest was being saved
        if (goesOn) keepOpen(typed, row);
        else close();
        say(said);
        await load(isNew ? Math.max(shown.size + 1, 100) : shown.size);
        if (!goesOn) /** @type {HTMLElement | undefined} */ (shown.get(row.id)?.item.querySelector(".lore-open") ?? undefined)?.focus();
        changed();
        return !goesOn;
      }
      if (![400, 409, 410].includes(answer.status)) throw new Error(String(answer.status));
      put(/** @type {HTMLElement} */ (typed.parentElement), await answer.text());
      const again = form();
      if (again) {
        again.dataset.dirty = "yes";
        for (const [name, value] of new FormData(typed)) {
          if (data.get(name) !== value) /** @type {any} */ (again.elements.namedItem(name)).value = value; // typed meanwhile
        }
      }
      /** @type {HTMLElement | null | undefined} */ (
        again?.querySelector("[data-take], .errorlist ~ *, [aria-invalid=true], input:not([type=hidden])")
      )?.focus();
    } catch {
      typed.dataset.dirty = "yes";
      state.textContent = words.saidLost ?? "";
    }
    return false;
  }

  /**
   * The form of an entry that is saved and written on.
   * @param {HTMLFormElement} typed
   * @param {Row} row
   */
  function keepOpen(typed, row) {
    typed.action = (words.entry ?? "").replace(/0\/$/, `${row.id}/`);
    typed.dataset.entry = String(row.id);
    const seen = /** @type {HTMLInputElement} */ (typed.elements.namedItem("revision") ?? document.createElement("input"));
    Object.assign(seen, { type: "hidden", name: "revision", value: String(row.revision) });
    if (!seen.form) typed.append(seen);
  }

  /** @param {HTMLElement} button */
  function takeTheirs(button) {
    const control = /** @type {any} */ (form()?.elements.namedItem(button.dataset.take ?? ""));
    if (control?.type === "checkbox") control.checked = button.dataset.value === "on";
    else if (control) control.value = button.dataset.value;
    button.closest("section")?.remove();
    control?.focus();
    changed();
  }

  // --- what is done ---

  /** @param {EventTarget | null} target */
  const rowAt = (target) => {
    const item = /** @type {HTMLElement} */ (target).closest("li[data-id]");
    return shown.get(Number(/** @type {HTMLElement | null} */ (item)?.dataset.id));
  };

  list.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    const found = rowAt(event.target);
    if (!button || !found || button.closest(".lore-form")) return;
    if (button.matches(".lore-open")) {
      if (button.getAttribute("aria-expanded") !== "true") {
        void open((words.entry ?? "").replace(/0\/$/, `${found.row.id}/`), found.item);
      } else if (dirty()) void save();
      else close()?.focus();
    } else if (button.matches(".lore-switch")) void act(found.row.enabled ? "off" : "on", [found.row]);
    else if (button.matches(".lore-up")) void move(found.row, -1, button);
    else if (button.matches(".lore-down")) void move(found.row, 1, button);
  });
  list.addEventListener("change", choose);
  section.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    if (button?.matches(".lore-close")) {
      const left = form();
      if (left) left.dataset.dirty = "";
      close()?.focus();
    } else if (button?.dataset.take) takeTheirs(button);
  });
  section.addEventListener("submit", (event) => {
    const sent = /** @type {HTMLFormElement} */ (event.target);
    if (sent.matches(".lore-form")) {
      event.preventDefault();
      void save();
    } else if (sent.matches(".lore-share")) {
      event.preventDefault();
      void share(sent, /** @type {HTMLButtonElement} */ (/** @type {SubmitEvent} */ (event).submitter));
    }
  });
  for (const kind of ["input", "change"]) {
    section.addEventListener(kind, (event) => {
      const typed = /** @type {HTMLElement} */ (event.target).closest(".lore-form");
      if (!typed) return;
      /** @type {HTMLElement} */ (typed).dataset.dirty = "yes";
      changed();
    });
  }
  section.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "s" && (event.ctrlKey || event.metaKey) && form()?.contains(/** @type {Node} */ (event.target))) {
      event.preventDefault();
      event.stopPropagation();
      void save();
    }
  });
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void load(), 200);
  });
  byId("lore-more").addEventListener("click", () => void more());
  byId("lore-new")?.addEventListener("click", () => void open(words.new ?? "", fresh));
  byId("lore-undo").addEventListener("click", () => void act("restore", [], { undo: byId("lore-undo").dataset.undo }));
  byId("lore-all")?.addEventListener("change", (/** @type {Event} */ event) => {
    for (const { item } of shown.values()) {
      /** @type {any} */ (item.querySelector(".lore-pick")).checked = /** @type {any} */ (event.target).checked;
    }
    choose();
  });
  byId("lore-chosen")?.addEventListener("click", async (/** @type {Event} */ event) => {
    const action = /** @type {HTMLElement} */ (event.target).dataset.do;
    if (!action) return;
    const every = byId("lore-all").checked && picked().length === shown.size;
    byId("lore-all").checked = false;
    const outcome = await act(action, every ? null : picked().map(({ row }) => row));
    for (const { item } of shown.values()) /** @type {any} */ (item.querySelector(".lore-pick")).checked = false;
    choose();
    if (outcome) say(outcome.said);
    const copy = outcome?.open ? shown.get(outcome.open) : undefined;
    if (copy) void open((words.entry ?? "").replace(/0\/$/, `${copy.row.id}/`), copy.item);
  });

  // --- dragging ---

  let dragged = /** @type {Row | null} */ (null);
  list.addEventListener("dragstart", (event) => {
    dragged = rowAt(event.target)?.row ?? null;
    event.dataTransfer?.setData("text/plain", String(dragged?.id ?? ""));
  });
  list.addEventListener("dragover", (event) => {
    if (!dragged) return;
    event.preventDefault();
    for (const { item } of shown.values()) item.classList.toggle("over", item === rowAt(event.target)?.item);
  });
  list.addEventListener("drop", (event) => {
    const over = rowAt(event.target);
    if (!dragged || !over) return;
    event.preventDefault();
    event.stopPropagation();
    if (over.row.id !== dragged.id) void act("move", [dragged], { before: String(over.row.id) });
  });
  list.addEventListener("dragend", () => {
    dragged = null;
    for (const { item } of shown.values()) item.classList.remove("over");
  });

  // --- beside the form of the character ---

  /**
   * @param {HTMLFormElement} sent
   * @param {HTMLButtonElement} button
   */
  async function share(sent, button) {
    const data = new URLSearchParams(/** @type {any} */ (new FormData(sent, button)));
    try {
      const answer = await ask(`${sent.action}?fragment`, { method: "POST", body: data });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      byId("lore-books").replaceChildren(...page.body.children);
      byId("lore-books").querySelector("button, select")?.focus();
      changed();
    } catch {
      say(words.saidLost ?? "");
    }
  }

  // An entry that is being written is saved before the character is.
  const whole = document.querySelector("#content-main > form");
  whole?.addEventListener(
    "submit",
    (event) => {
      if (!dirty()) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const by = /** @type {SubmitEvent} */ (event).submitter;
      void save().then((saved) => saved && /** @type {HTMLFormElement} */ (whole).requestSubmit(by));
    },
    { capture: true },
  );
  // Who asks with the form (the chat, the voice) asks with the entry that is open, too.
  whole?.addEventListener("formdata", (event) => {
    const entry = form();
    if (!entry) return;
    const data = /** @type {FormDataEvent} */ (event).formData;
    data.set("_entry", entry.dataset.entry || "new");
    for (const [name, value] of new FormData(entry)) data.append(`_entry-${name}`, value);
  });
  window.addEventListener("beforeunload", (event) => {
    if (dirty()) event.preventDefault();
  });
  new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && void more()).observe(byId("lore-more"));
  void load();
}

document.addEventListener("DOMContentLoaded", () => {
  const section = document.getElementById("lore");
  if (section) editLore(section);
});
