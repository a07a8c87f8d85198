// Everything that connecting waits for, held up where a test wants it, and what is left of it afterwards.
//
// `window.hold(name)` holds the next step of that name, `window.reached(name)` says whether the page waits for
// it, `window.release()` lets everything go on. Tracks and sockets are the browser's own.

(() => {
  const held = new Set();
  const waiting = new Set();
  let open = [];
  const tracks = [];
  const sockets = [];

  async function gate(name) {
    if (!held.has(name)) return;
    waiting.add(name);
    await new Promise((resolve) => open.push(resolve));
  }

  window.hold = (name) => held.add(name);
  window.reached = (name) => waiting.has(name);
  window.release = () => {
    held.clear();
    for (const go of open) go();
    open = [];
  };
  window.left = () => ({
    tracks: tracks.filter((track) => track.readyState === "live").length,
    sockets: sockets.filter((socket) => socket.readyState < WebSocket.CLOSING).length,
  });
  window.opened = { tracks, sockets };

  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  let asked = 0;
  navigator.mediaDevices.getUserMedia = async (wish) => {
    await gate(asked++ ? "microphone" : "permission");
    const stream = await ask(wish);
    for (const track of stream.getTracks()) tracks.push(Object.assign(track, { wish: wish.audio }));
    return stream;
  };

  const ordinary = window.fetch;
  window.fetch = async (url, options) => {
    const starting = String(url).includes("/api/start");
    if (starting) await gate("start asked");
    const response = await ordinary(url, options);
    if (starting) {
      await response.clone().arrayBuffer(); // all of the answer is here, not only its head
      await gate("start answered");
    }
    return response;
  };

  const load = AudioWorklet.prototype.addModule;
  AudioWorklet.prototype.addModule = async function (url) {
    await gate(String(url).includes("recorder") ? "recorder" : "player");
    return load.call(this, url);
  };

  // A socket whose opening, or whose messages, are held up on their way to the page.
  const Ordinary = window.WebSocket;
  window.WebSocket = class extends Ordinary {
    constructor(...given) {
      super(...given);
      sockets.push(this);
      let last = Promise.resolve();
      for (const [kind, step] of [["open", "socket"], ["message", "bot-ready"]]) {
        this.addEventListener(kind, (event) => {
          if (event.passed || (!held.has(step) && !waiting.has(step))) return;
          event.stopImmediatePropagation();
          last = last.then(() => gate(step)).then(() => {
            const again = kind === "message" ? new MessageEvent(kind, { data: event.data }) : new Event(kind);
            again.passed = true;
            this.dispatchEvent(again);
          });
        });
      }
    }
  };
})();
