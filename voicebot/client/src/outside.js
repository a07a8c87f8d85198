// A stage within another page: tells that page how the conversation goes, and takes its word to end it.

export class Outside {
  /**
   * @param {string} origin of the page around this one, as the server has allowed it; '' for none
   * @param {import("./call.js").Call} call
   */
  constructor(origin, call) {
    this.inside = origin !== "" && window.parent !== window;
    if (!this.inside) return;
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
