// Pipecat's official JavaScript client against Greenroom, from a page of another origin, with an API key.

import { PipecatClient } from "@pipecat-ai/client-js";
import { WavMediaManager, WebSocketTransport } from "@pipecat-ai/websocket-transport";

const { greenroom, apiKey, character } = document.body.dataset;

const client = new PipecatClient({
  transport: new WebSocketTransport({
    mediaManager: new WavMediaManager(1024, 16000),
    recorderSampleRate: 16000,
  }),
  enableMic: true,
  callbacks: {
    onUserTranscript: ({ text, final }) => final && show("You", text),
    onBotOutput: ({ text, spoken_status }) => spoken_status === "completed" && show("Character", text),
  },
});

function show(who, text) {
  const line = document.createElement("p");
  line.textContent = `${who}: ${text}`;
  document.querySelector("#transcript").append(line);
}

document.querySelector("#talk").addEventListener("click", () =>
  client.startBotAndConnect({
    endpoint: `${greenroom}/api/start`,
    headers: new Headers({ Authorization: `Bearer ${apiKey}` }),
    requestData: { transport: "websocket", body: { character, metadata: { name: "Robin" } } },
  }),
);
document.querySelector("#leave").addEventListener("click", () => client.disconnect());
