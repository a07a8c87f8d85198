// @ts-check
// Names for what scrolls by itself: the theme's regions all have the same one, in English.

window.addEventListener("load", () => {
  const gettext = /** @type {(message: string) => string} */ (/** @type {any} */ (window).gettext ?? String);
  for (const region of document.querySelectorAll(".simplebar-content-wrapper")) {
    region.setAttribute("aria-label", region.closest("#nav-sidebar") ? gettext("Menu") : gettext("List"));
  }
});
