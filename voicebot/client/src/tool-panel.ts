// What a character's tools show on the stage, and what they ask first: see docs/tools.md.

import type { Call } from "./call.ts";
import { byId, setText } from "./dom.ts";
import type { ServerMessage } from "./server-messages.ts";

export class ToolPanel {
  private readonly _call: Call;
  private readonly _card = byId("tool-card");
  private readonly _question = byId("tool-question");
  private _asked = "";

  constructor(call: Call) {
    this._call = call;
    call.addEventListener("message", (event) => this._take((event as CustomEvent<ServerMessage>).detail));
    byId("tool-card-close").addEventListener("click", () => { this._card.hidden = true; });
    byId("tool-yes").addEventListener("click", () => this._answer(true));
    byId("tool-no").addEventListener("click", () => this._answer(false));
  }

  private _take(message: ServerMessage) {
    if (message.type === "card") this._show(message);
    if (message.type === "tool-question") {
      this._asked = message.id;
      setText(byId("tool-question-words"), message.question);
      this._question.hidden = false;
    }
    if (message.type === "tool-answered") this._question.hidden = true; // in words, or on another page
  }

  private _show({ title = "", text = "", link = "", picture = "" }: Extract<ServerMessage, { type: "card" }>) {
    setText(byId("tool-card-title"), title);
    setText(byId("tool-card-text"), text);
    const image = byId<HTMLImageElement>("tool-card-picture");
    image.hidden = !picture.startsWith("/"); // the house's own
    if (!image.hidden) image.src = picture;
    const anchor = byId<HTMLAnchorElement>("tool-card-link");
    anchor.hidden = !link.startsWith("https://");
    if (!anchor.hidden) {
      anchor.href = link;
      setText(anchor, new URL(link).hostname);
    }
    this._card.hidden = false;
  }

  private _answer(agreed: boolean) {
    this._question.hidden = true;
    this._call.line.ask("tool.answer", { id: this._asked, agreed });
  }
}
