// The service worker: without a network, a page that says so. It keeps that page and the static files that it is made
// of, and no page, answer or conversation of anybody's.
//
// The server writes before it what it is to keep (voicebot/http/web_app.py): another version is another file, which
// browsers notice by themselves, and takes over at once.

declare const KEPT: { readonly version: string; readonly page: string; readonly files: readonly string[] };

/** What TypeScript's DOM library leaves out. */
interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetch extends Extendable {
  readonly request: Request;
  readonly preloadResponse: Promise<Response | undefined>;
  respondWith(answer: Promise<Response>): void;
}
interface Worker {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", listener: (event: Extendable) => void): void;
  addEventListener(type: "fetch", listener: (event: Fetch) => void): void;
}

const OURS = "greenroom-";
const NAME = OURS + KEPT.version;
const worker = self as unknown as Worker;

worker.addEventListener("install", (event) => {
  event.waitUntil(keep());
});

async function keep() {
  const cache = await caches.open(NAME);
  await cache.addAll([new Request(KEPT.page, { cache: "no-store" }), ...KEPT.files]);
  await worker.skipWaiting();
}

worker.addEventListener("activate", (event) => {
  event.waitUntil(takeOver());
});

async function takeOver() {
  const older = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== NAME);
  await Promise.all(older.map((name) => caches.delete(name)));
  await worker.registration.navigationPreload?.enable(); // a page is asked for while the worker wakes
  await worker.clients.claim();
}

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(event));
  else if (KEPT.files.includes(pathname)) event.respondWith(file(request));
});

/** The page from the server; where nobody answers, the one that says so. */
async function page({ request, preloadResponse }: Fetch) {
  try {
    return (await preloadResponse) ?? (await fetch(request));
  } catch (error) {
    const kept = await (await caches.open(NAME)).match(KEPT.page);
    if (!kept) throw error;
    return kept;
  }
}

/** A file whose name holds a hash of what is in it: what was kept is what the server would give. */
async function file(request: Request) {
  return (await (await caches.open(NAME)).match(request)) ?? fetch(request);
}
