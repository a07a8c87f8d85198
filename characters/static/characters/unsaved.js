// @ts-check
// Unsaved text: what is typed is kept on the server while it is typed, and comes back; who else has the form
// open is said; Ctrl+S saves, Publish saves first, and what is missing is shown.
{
  const WAIT_MS = 1200; // after the last key, before what is typed is sent
  const BEAT_MS = 20_000; // between two signs of life; a form counts as closed after a minute without
  const MOST_CHARACTERS = 3_500_000; // of a form: the server takes 4 MB
  const SKIPPED = /^(_|lore-|initial-|csrfmiddlewaretoken$)/; // not the character's own fields

  /** @typedef {{at: string, fields: string[][], seen: string, stale?: boolean, portrait?: string, form?: string}} Kept */

  /** @param {HTMLFormElement} form @param {HTMLElement} line */
  function keepUnsaved(form, line) {
    const words = /** @type {Record<string, string>} */ ({ ...line.dataset });
    const told = /** @type {HTMLElement} */ (document.getElementById("desk-kept"));
    const others = /** @type {HTMLElement} */ (document.getElementById("desk-others"));
    const notice = /** @type {HTMLElement} */ (document.getElementById("desk-restored"));
    /** @type {{others: string[], bound: boolean, saved: string[], place: string, kept: Kept | null}} */
    const given = JSON.parse(document.getElementById("desk-unsaved")?.textContent ?? "{}");
    const place = given.place;
    const avatar = /** @type {HTMLInputElement | null} */ (form.querySelector("input[type=file][name=avatar]"));
    const mark = document.createElement("input");
    const newMark = () => crypto.randomUUID?.() ?? String(Math.random());
    Object.assign(mark, { type: "hidden", name: "_form", value: newMark() });
    form.append(mark);
    let timer = 0;
    let leaving = false;
    /** @type {AbortController | null} */
    let sending = null;
    /** @type {File | null} */
    let sentPortrait = null;

    const seen = () => /** @type {HTMLInputElement | null} */ (form.querySelector("[name=_seen]"));
    const typed = () =>
      [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !SKIPPED.test(name)).map(([name, value]) => [name, String(value)]);
    const asText = () => JSON.stringify(typed());
    let last = asText(); // as it came, or as it was kept last
    const first = last;
    const changed = () => asText() !== last || (avatar?.files?.[0] ?? null) !== sentPortrait;

    /** @param {Record<string, string>} more */
    function message(more) {
      const data = new FormData();
      data.set("csrfmiddlewaretoken", /** @type {HTMLInputElement} */ (form.elements.namedItem("csrfmiddlewaretoken")).value);
      data.set("_character", words.character ?? "");
      data.set("_seen", seen()?.value ?? "");
      data.set("_form", mark.value);
      for (const [name, value] of Object.entries(more)) data.set(name, value);
      return data;
    }

    function remember() {
      try {
        sessionStorage.setItem(place, JSON.stringify({ at: new Date().toISOString(), fields: typed(), seen: seen()?.value ?? "", form: mark.value }));
      } catch {
        // no room, or none allowed: the server's copy is what there is
      }
    }

    /** @param {Record<string, string>} more */
    async function send(more) {
      if (leaving) return;
      const data = message(more);
      const file = avatar?.files?.[0] ?? null;
      if ("fields" in more && file && file !== sentPortrait) data.set("portrait", file);
      sending?.abort();
      sending = new AbortController();
      try {
        const answer = await fetch(words.url ?? "", { method: "POST", body: data, signal: sending.signal });
        const isJson = answer.headers.get("Content-Type")?.includes("json");
        if (answer.redirected || (answer.status === 403 && !isJson)) return signedOut();
        if (!answer.ok || !isJson) throw new Error(String(answer.status));
        const said = await answer.json();
        if ("fields" in more) {
          last = more.fields;
          sentPortrait = file;
          sessionStorage.removeItem(place);
          const at = new Date(said.kept_at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
          told.textContent = `${words.kept} ${at}`;
        }
        showOthers(said.others, said.changed);
      } catch (error) {
        if (/** @type {Error} */ (error).name === "AbortError") return;
        if ("fields" in more) {
          remember();
          told.textContent = words.away ?? "";
        }
      }
    }

    function signedOut() {
      remember();
      const link = document.createElement("a");
      Object.assign(link, { href: location.href, target: "_blank", textContent: words.login });
      told.replaceChildren(document.createTextNode(`${words.signedout} `), link);
    }

    /** @param {string[]} names @param {string} [by] */
    function showOthers(names, by) {
      const said = names.length ? [`${words.others} ${names.join(", ")}.`] : [];
      if (by && !document.getElementById("desk-conflicts-title")) said.push((words.changed ?? "").replace("%s", by));
      const text = said.join(" ");
      if (others.textContent !== text) others.textContent = text;
      others.hidden = !text;
    }

    /** @param {Kept} kept */
    function put(kept) {
      const values = new Map();
      for (const [name, value] of kept.fields) values.set(name, [...(values.get(name) ?? []), value]);
      for (const element of form.elements) {
        const field = /** @type {HTMLInputElement} */ (element);
        if (!field.name || SKIPPED.test(field.name) || ["file", "submit", "button"].includes(field.type)) continue;
        const now = values.get(field.name) ?? [];
        if (field.type === "checkbox" || field.type === "radio") field.checked = now.includes(field.value);
        else if (now.length) field.value = now[0];
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.dispatchEvent(new Event("change", { bubbles: true }));
      }
      const mine = seen();
      if (mine && kept.seen && kept.seen !== "{}") mine.value = kept.seen;
    }

    /** @param {string} [base64] */
    function putPortrait(base64) {
      if (!base64 || !avatar) return;
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], "portrait.webp", { type: "image/webp" }));
      avatar.files = transfer.files;
      sentPortrait = avatar.files[0];
      avatar.dispatchEvent(new CustomEvent("desk:restored", { bubbles: true }));
    }

    function giveUp() {
      sessionStorage.removeItem(place);
      leaving = true;
      void fetch(words.url ?? "", { method: "POST", body: message({ discard: "1" }) }).finally(() => location.replace(location.pathname));
    }

    /** @param {string} text @param {[string, () => void][]} choices */
    function ask(text, choices) {
      const buttons = choices.map(([label, act]) => {
        const button = document.createElement("button");
        Object.assign(button, { type: "button", className: "desk-button", textContent: label });
        button.addEventListener("click", act);
        return button;
      });
      const said = document.createElement("p");
      said.textContent = text;
      notice.replaceChildren(said, ...buttons);
      notice.hidden = false;
    }

    function restore() {
      /** @type {Kept | null} */
      let kept = given.kept;
      const here = JSON.parse(sessionStorage.getItem(place) ?? "null");
      if (here && (given.saved.includes(here.form) || given.bound)) sessionStorage.removeItem(place);
      else if (here && (!kept || here.at > kept.at)) kept = { ...here, portrait: kept?.portrait, stale: here.seen !== (seen()?.value ?? "") };
      if (!kept) return;
      if (given.bound) return putPortrait(kept.portrait); // the fields are as they were sent
      const when = new Date(kept.at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
      const found = /** @type {Kept} */ (kept);
      const back = () => {
        put(found);
        putPortrait(found.portrait);
        last = "";
        void send({ fields: asText() });
        ask(`${words.restored} ${when}.`, [[words.discard ?? "", giveUp]]);
      };
      if (JSON.stringify(found.fields) === first && !found.portrait) return void sessionStorage.removeItem(place);
      if (!found.stale) back();
      else ask((words.stale ?? "").replace("%s", when), [[words.bring ?? "", back], [words.discard ?? "", giveUp]]);
    }

    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(() => void (changed() && send({ fields: asText() })), WAIT_MS);
    };
    form.addEventListener("input", soon);
    form.addEventListener("change", soon);
    form.addEventListener("submit", (event) => {
      if (asText().length > MOST_CHARACTERS) {
        event.preventDefault();
        told.textContent = words.toolarge ?? "";
        return;
      }
      remember(); // a login that has run out loses nothing
      leaving = true;
      clearTimeout(timer);
      sending?.abort();
    });
    addEventListener("pagehide", () => {
      const more = { close: "1", ...(!leaving && changed() ? { fields: asText() } : {}) };
      navigator.sendBeacon(words.url ?? "", message(/** @type {Record<string, string>} */ (more)));
    });
    addEventListener("pageshow", (event) => {
      if (!event.persisted) return;
      leaving = false;
      mark.value = newMark(); // the old one may have been saved
    });
    setInterval(() => void (!document.hidden && send({})), BEAT_MS);

    document.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "s") return;
      event.preventDefault();
      save();
    });
    function save() {
      const button = /** @type {HTMLButtonElement | null} */ (document.querySelector("[name=_continue][form], [name=_continue]"));
      form.requestSubmit(button?.form === form ? button : null);
    }
    document.getElementById("desk-publish")?.addEventListener("click", (event) => {
      if (asText() === first && !avatar?.files?.length) return;
      event.preventDefault();
      const wish = document.createElement("input");
      Object.assign(wish, { type: "hidden", name: "_publish", value: "1" });
      form.append(wish);
      save();
    });

    showOthers(given.others);
    restore();
    void send({});
  }

  /** @param {HTMLFormElement} form The tabs of its fieldsets, by keyboard too; and the field that needs somebody. */
  function openTabs(form) {
    const wrappers = [...form.querySelectorAll(".tab-wrapper")];
    const tabs = /** @type {HTMLElement[]} */ ([...(wrappers[0]?.parentElement?.querySelectorAll("nav a") ?? [])]);
    const say = () => {
      for (const tab of tabs) tab.setAttribute("aria-selected", String(tab.classList.contains("active")));
    };
    tabs[0]?.parentElement?.setAttribute("role", "tablist");
    for (const [at, tab] of tabs.entries()) {
      tab.setAttribute("role", "tab");
      tab.tabIndex = 0;
      new MutationObserver(say).observe(tab, { attributeFilter: ["class"] });
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (step) tabs.at((at + step) % tabs.length)?.focus();
        else if (event.key === "Enter" || event.key === " ") tab.click();
        else return;
        event.preventDefault();
      });
    }
    say();
    const missing = new URLSearchParams(location.search).get("missing");
    const field = /** @type {HTMLElement | null} */ (
      (missing && document.getElementById(`id_${missing}`)) || document.getElementById("desk-conflicts-title") || form.querySelector("[aria-invalid=true]")
    );
    if (!field) return;
    const at = wrappers.findIndex((wrapper) => wrapper.contains(field));
    tabs[at]?.click();
    setTimeout(() => {
      field.focus();
      field.scrollIntoView({ block: "center" });
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    const form = /** @type {HTMLFormElement | null} */ (document.getElementById("character_form"));
    const line = document.getElementById("desk-unsaved-line");
    if (!form) return;
    if (line) keepUnsaved(form, line);
    const ready = () => setTimeout(() => openTabs(form));
    if ("Alpine" in window) ready();
    else document.addEventListener("alpine:initialized", ready, { once: true });
  });
}
