// Has the browser keep the page that says that there is no network. An insecure page has no service worker.

const { serviceWorker } = navigator as { serviceWorker?: ServiceWorkerContainer };
const manifest = document.querySelector<HTMLLinkElement>("link[rel=manifest]")?.href ?? location.href;
const workerUrl = new URL("service-worker.js", manifest); // beside it, wherever a project has mounted us
addEventListener("load", () => void serviceWorker?.register(workerUrl).catch(() => undefined));
