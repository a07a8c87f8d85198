// A stage within another page: tells that page how the conversation goes, takes its word to end it, and has
// its functions called, which a character's tools of the kind `page` are.

import type { Call } from "./call.ts";
import type { ServerMessage } from "./server-messages.ts";

const MOST_CHARACTERS = 8000; // of a result: a model reads half of it

export class EmbedBridge {
  readonly embedded: boolean;
  private readonly _call: Call;
  private readonly _origin: string;
  private readonly _asked = new Set<string>(); // calls that the page around has not answered yet

  /** @param origin of the page around this one, as the server has allowed it; '' for none */
  constructor(origin: string, call: Call) {
    this.embedded = origin !== "" && window.parent !== window;
    this._call = call;
    this._origin = origin;
    call.addEventListener("message", (event) => this._take((event as CustomEvent<ServerMessage>).detail));
    if (!this.embedded) return;
    let told = "";
    call.addEventListener("change", () => {
      if (call.state === told) return;
      told = call.state;
      // Never more than the state, and what a character gives to a function: what is said stays here.
      this._tell({ greenroom: "state", state: call.state });
    });
    window.addEventListener("message", (event) => {
      if (event.origin !== origin || event.source !== window.parent) return;
      if (event.data?.greenroom === "end") void call.end();
      if (event.data?.greenroom === "tool-result") this._answer(event.data);
    });
  }

  private _tell(message: Record<string, unknown>) {
    window.parent.postMessage(message, this._origin);
  }

  private _take(message: ServerMessage) {
    if (message.type === "tool-call") {
      const { id, tool, arguments: given } = message;
      if (!this.embedded) {
        this._call.line.ask("tool.result", { id, error: "This page has no such function." });
        return;
      }
      this._asked.add(id);
      this._tell({ greenroom: "tool-call", id, tool, arguments: given });
    }
    if (message.type === "tool-cancelled" && this._asked.delete(message.id)) {
      this._tell({ greenroom: "tool-cancelled", id: message.id });
    }
  }

  /** What the page around has answered to a call that it was asked for. */
  private _answer({ id, result, error }: { id?: unknown; result?: unknown; error?: unknown }) {
    if (typeof id !== "string" || !this._asked.delete(id)) return;
    const told = typeof error === "string" ? { id, error } : { id, result: result ?? null };
    const short = JSON.stringify(told).length <= MOST_CHARACTERS;
    this._call.line.ask("tool.result", short ? told : { id, error: "The page's answer is too long." });
  }
}
