// Has the browser keep the page that says that there is no network. An insecure page has no service worker.

const { serviceWorker } = navigator as { serviceWorker?: ServiceWorkerContainer };
addEventListener("load", () => void serviceWorker?.register("/service-worker.js").catch(() => undefined));
