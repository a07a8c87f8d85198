// A stage within another page: tells that page how the conversation goes, and takes its word to end it.

import type { Call } from "./call.ts";

export class EmbedBridge {
  readonly embedded: boolean;

  /** @param origin of the page around this one, as the server has allowed it; '' for none */
  constructor(origin: string, call: Call) {
    this.embedded = origin !== "" && window.parent !== window;
    if (!this.embedded) return;
    let told = "";
    call.addEventListener("change", () => {
      if (call.state === told) return;
      told = call.state;
      // Never more than the state: what is said stays here.
      window.parent.postMessage({ greenroom: "state", state: call.state }, origin);
    });
    window.addEventListener("message", (event) => {
      if (event.origin !== origin || event.source !== window.parent) return;
      if (event.data?.greenroom === "end") void call.end();
    });
  }
}
