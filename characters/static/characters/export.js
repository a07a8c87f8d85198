// @ts-check
// A card is saved as a file, and what the file does not hold is said on the page that it was saved from.
document.addEventListener("DOMContentLoaded", () => {
  const form = /** @type {HTMLFormElement | null} */ (document.getElementById("desk-export"));
  const told = document.getElementById("desk-export-notes");
  if (!form || !told) return;

  /** @param {string[]} notes */
  function say(notes) {
    const items = notes.map((note) => {
      const item = document.createElement("li");
      item.textContent = note;
      return item;
    });
    told?.replaceChildren(...items);
  }

  /** @param {Blob} file @param {string} name */
  function save(file, name) {
    const link = document.createElement("a");
    Object.assign(link, { href: URL.createObjectURL(file), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    say([]);
    const query = new URLSearchParams(/** @type {any} */ (new FormData(form)));
    try {
      const answer = await fetch(`${form.action}?${query}`, { headers: { "X-Shows-Notes": "1" } });
      const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1];
      if (!answer.ok || !name) throw new Error(String(answer.status));
      save(await answer.blob(), name);
      say(JSON.parse(decodeURIComponent(answer.headers.get("X-Card-Notes") ?? "%5B%5D")));
    } catch {
      say([form.dataset.away ?? ""]);
    }
  });
});
