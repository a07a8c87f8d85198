// @ts-check
// The operators' page of calls: tries each step of one from this browser, and shows what is closed.

const page = /** @type {HTMLElement} */ (document.getElementById("line"));
const token = /** @type {HTMLInputElement} */ (page.querySelector("[name=csrfmiddlewaretoken]")).value;
const words = given("line-words");
const tones = given("line-tones");
const verdict = /** @type {HTMLElement} */ (document.getElementById("line-verdict"));

const GATHER_MS = 12_000; // longer than a browser takes to give a server up
const PASS_MS = 12_000; // for the first packets
const SOUND_MS = 5_000;
const REFUSALS = [401, 403, 438];
const CLEAR_DB = -60; // of the tone in what is heard

/** @typedef {{passed: boolean | null, name: string, words: string, advice?: string}} Step */
/** @typedef {Record<string, string | number>} Told */

/** @param {string} id */
function given(id) {
  return JSON.parse(document.getElementById(id)?.textContent ?? "{}");
}

/** @param {string} key @param {Told} [told] */
const say = (key, told = {}) =>
  String(words[key] ?? "").replace(/\{(\w+)\}/g, (_all, name) => String(told[name] ?? ""));

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {() => unknown} found asked until it gives something, or for so long */
async function until(found, ms = PASS_MS) {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    const is = await found();
    if (is) return is;
    await pause(50);
  }
  return null;
}

// --- what is shown ---

let closed = 0;

/** A line that says that something is being tried. @param {string} of @param {string} name */
function begin(of, name) {
  const list = /** @type {HTMLElement} */ (page.querySelector(`[data-of=${of}]`));
  /** @type {HTMLElement} */ (list.parentElement).hidden = false;
  const item = list.appendChild(document.createElement("li"));
  const mark = item.appendChild(document.createElement("span"));
  const what = item.appendChild(document.createElement("span"));
  mark.textContent = words.trying;
  what.textContent = name;
  return (/** @type {Step} */ { passed, words: said, advice }) => {
    mark.dataset.passed = String(passed);
    mark.textContent = words[passed === null ? "unknown" : passed ? "open" : "closed"];
    what.textContent = `${name}: ${said}`;
    if (advice && !passed) item.appendChild(document.createElement("p")).textContent = advice;
    if (passed === false) closed += 1;
    return passed;
  };
}

/**
 * One step of the browser's: `attempt` gives the key of what came of it, with what is told, or null if it failed.
 * @param {string} kind @param {() => Promise<Told | null>} attempt
 * @param {{name?: string, kinds?: string, advice?: string, why?: () => string}} [more]
 */
async function step(kind, attempt, { name = say(kind), kinds = kind, advice = `advice-${kind}`, why } = {}) {
  const done = begin("browser", name);
  let told = null;
  let reason = "";
  try {
    told = await attempt();
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error);
  }
  const said = told ? say(`${kinds}-${told.as ?? "open"}`, told) : say(`${kinds}-closed`, { why: reason || why?.() || "" });
  return done({ passed: told !== null, name, words: said, advice: say(advice) });
}

// --- the parts of a call ---

/** @param {string} address @param {object} [body] */
async function ask(address, body = {}) {
  const answer = await fetch(address, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "X-CSRFToken": token, "Content-Type": "application/json" },
  });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.error ?? String(answer.status));
  return told;
}

/**
 * What a browser finds with these servers: its candidates, and what went wrong.
 * @param {RTCIceServer[]} iceServers @param {RTCIceTransportPolicy} policy @param {(found: RTCIceCandidate) => boolean} enough
 */
async function gather(iceServers, policy, enough) {
  const peer = new RTCPeerConnection({ iceServers, iceTransportPolicy: policy });
  /** @type {RTCIceCandidate[]} */
  const candidates = [];
  /** @type {RTCPeerConnectionIceErrorEvent[]} */
  const errors = [];
  peer.addEventListener("icecandidate", ({ candidate }) => candidate?.candidate && candidates.push(candidate));
  peer.addEventListener("icecandidateerror", (error) => errors.push(error));
  peer.createDataChannel("trial");
  await peer.setLocalDescription();
  const complete = await until(() => candidates.some(enough) || peer.iceGatheringState === "complete", GATHER_MS);
  peer.close();
  return { candidates, errors, complete };
}

/** @param {string} url */
async function stun(url) {
  const { candidates, errors, complete } = await gather([{ urls: url }], "all", ({ type }) => type === "srflx");
  const found = candidates.find(({ type }) => type === "srflx");
  if (found) return { address: found.address ?? "" };
  // A browser keeps an address that is its own already to itself, and complains of a server that does not answer.
  if (complete && !errors.some(({ errorCode }) => errorCode === 701)) return { as: "same" };
  throw new Error(errors[0]?.errorText || say("late", { secs: GATHER_MS / 1000 }));
}

/** Tries one address of a TURN server's; whether it gives a relay. @param {RTCIceServer} server @param {string} url */
async function turn(server, url) {
  const done = begin("browser", url);
  const one = { ...server, urls: url };
  const { candidates, errors } = await gather([one], "relay", ({ type }) => type === "relay");
  if (candidates.some(({ type }) => type === "relay")) return done({ passed: true, name: url, words: say("turn-open") });
  const refusal = errors.find(({ errorCode }) => REFUSALS.includes(errorCode));
  const kind = refusal ? "turn-refused" : "turn-closed";
  const error = refusal ?? errors[0];
  const why = error ? `${error.errorCode} ${error.errorText}`.trim() : say("late", { secs: GATHER_MS / 1000 });
  return done({ passed: false, name: url, words: say(kind, { why }), advice: say(`advice-${kind}`) });
}

/** A call in which this browser sends a tone, and listens for the server's. */
class Trial {
  /** @param {RTCIceServer[]} iceServers @param {RTCIceTransportPolicy} policy */
  constructor(iceServers, policy) {
    this.peer = new RTCPeerConnection({ iceServers, iceTransportPolicy: policy, bundlePolicy: "max-bundle" });
    this.heard = false; // by the server
    this.began = performance.now();
    this.sound = new AudioContext();
    const tone = new OscillatorNode(this.sound, { frequency: tones.sent });
    const sent = this.sound.createMediaStreamDestination();
    tone.connect(new GainNode(this.sound, { gain: 0.3 })).connect(sent);
    tone.start();
    this.peer.addTransceiver(sent.stream.getAudioTracks()[0], { direction: "sendrecv" });
    this.channel = this.peer.createDataChannel("trial");
    this.channel.addEventListener("message", ({ data }) => {
      if (JSON.parse(data).data?.heard) this.heard = true;
    });
  }

  get ms() {
    return Math.round(performance.now() - this.began);
  }

  async offer() {
    await this.peer.setLocalDescription();
    await until(() => this.peer.iceGatheringState === "complete", GATHER_MS / 4);
    this.began = performance.now();
    const { sdp } = await ask(page.dataset.offer ?? "", { sdp: this.peer.localDescription?.sdp });
    const ms = this.ms;
    this.began = performance.now();
    await this.peer.setRemoteDescription({ type: "answer", sdp });
    return { ms };
  }

  async passes() {
    await until(() => ["connected", "completed", "failed"].includes(this.peer.iceConnectionState));
    if (!["connected", "completed"].includes(this.peer.iceConnectionState)) return null;
    const ms = this.ms;
    const found = /** @type {any} */ (await until(async () => {
      const all = [...(await this.peer.getStats()).values()];
      const pair = all.find((one) => one.type === "candidate-pair" && one.nominated && one.state === "succeeded");
      return pair && { pair, own: all.find((one) => one.id === pair.localCandidateId) };
    }, 2_000));
    const trip = Math.round(1000 * (found?.pair.currentRoundTripTime ?? 0));
    return { ms, trip, protocol: String(found?.own?.protocol ?? "udp").toUpperCase() };
  }

  async encrypted() {
    const open = await until(() => this.channel.readyState === "open");
    return open && this.peer.connectionState === "connected" ? { ms: this.ms } : null;
  }

  async sent() {
    return (await until(() => this.heard, SOUND_MS)) ? { ms: this.ms } : null;
  }

  async received() {
    const stream = new MediaStream([this.peer.getReceivers()[0].track]);
    const pulled = new Audio(); // Chromium gives no sound to an analyser unless an element plays it
    pulled.muted = true;
    pulled.srcObject = stream;
    void pulled.play().catch(() => undefined);
    await this.sound.resume();
    const analyser = new AnalyserNode(this.sound, { fftSize: 2048, smoothingTimeConstant: 0 });
    this.sound.createMediaStreamSource(stream).connect(analyser);
    const levels = new Float32Array(analyser.frequencyBinCount);
    const width = this.sound.sampleRate / analyser.fftSize;
    const found = await until(() => {
      analyser.getFloatFrequencyData(levels);
      const most = levels.reduce((best, level, at) => (level > levels[best] ? at : best), 0);
      return levels[most] > CLEAR_DB && Math.abs(most * width - tones.heard) < 2 * width;
    }, SOUND_MS);
    pulled.srcObject = null;
    return found ? { ms: this.ms } : null;
  }

  close() {
    this.peer.close();
    void this.sound.close();
  }
}

/** @param {RTCIceServer[]} servers */
async function straight(servers) {
  const trial = new Trial(servers, "all");
  try {
    if (!(await step("offer", () => trial.offer()))) return;
    if (!(await step("direct", () => trial.passes()))) return;
    if (!(await step("dtls", () => trial.encrypted()))) return;
    const sound = { kinds: "sound", advice: "advice-sound" };
    await Promise.all([step("up", () => trial.sent(), sound), step("down", () => trial.received(), sound)]);
  } finally {
    trial.close();
  }
}

/** @param {RTCIceServer} server @param {string} url */
async function relayed(server, url) {
  const trial = new Trial([{ ...server, urls: url }], "relay");
  const whole = async () => {
    await trial.offer();
    if (!(await trial.passes()) || !(await trial.encrypted())) return null;
    const both = await Promise.all([trial.sent(), trial.received()]);
    return both.every(Boolean) ? { ms: trial.ms } : null;
  };
  await step("relayed", whole, { name: say("relayed", { url }) });
  trial.close();
}

// --- all of it ---

/** @param {RTCIceServer[]} servers */
async function fromBrowser(servers) {
  const possible = typeof RTCPeerConnection === "function" && typeof AudioContext === "function";
  if (!(await step("browser", async () => (possible ? {} : null)))) return;
  const urls = (/** @type {RTCIceServer} */ { urls: each }) => [each].flat();
  const stuns = servers.flatMap(urls).filter((url) => url.startsWith("stun"));
  const turns = servers.flatMap((server) => urls(server).filter((url) => url.startsWith("turn")).map((url) => ({ server, url })));
  const gathering = step("gathering", async () => {
    const { candidates } = await gather(servers, "all", () => false);
    const count = (/** @type {string} */ kind) => candidates.filter(({ type }) => type === kind).length;
    return candidates.length ? { host: count("host"), outside: count("srflx"), relay: count("relay") } : null;
  });
  const asked = stuns.map((url) => step("stun", () => stun(url), { name: url }));
  const given = turns.map(async ({ server, url }) => ((await turn(server, url)) ? { server, url } : null));
  await Promise.all([gathering, ...asked, ...given]);
  await straight(stuns.length ? [{ urls: stuns }] : []);
  for (const one of await Promise.all(given)) if (one) await relayed(one.server, one.url);
}

/** @param {HTMLButtonElement} button */
async function tryAll(button) {
  closed = 0;
  button.disabled = true;
  verdict.textContent = words.trying;
  delete page.dataset.closed;
  for (const list of page.querySelectorAll("[data-of]")) list.replaceChildren();
  try {
    const { steps, iceServers } = await ask(page.dataset.server ?? "");
    for (const one of /** @type {Step[]} */ (steps)) begin("server", one.name)(one);
    if (steps[0]?.passed) await fromBrowser(iceServers);
    verdict.textContent = closed ? say("some-closed", { count: closed }) : words["all-open"];
  } catch {
    closed += 1;
    verdict.textContent = words.lost;
  }
  page.dataset.closed = String(closed); // it is over
  button.disabled = false;
}

const button = /** @type {HTMLButtonElement | null} */ (document.getElementById("line-try"));
button?.addEventListener("click", () => void tryAll(button));
