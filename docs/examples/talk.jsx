// The same with React and Pipecat's hooks.

import { PipecatClient, RTVIEvent } from "@pipecat-ai/client-js";
import { PipecatClientProvider, usePipecatClient, useRTVIClientEvent } from "@pipecat-ai/client-react";
import { WavMediaManager, WebSocketTransport } from "@pipecat-ai/websocket-transport";
import { useCallback, useState } from "react";
import { createRoot } from "react-dom/client";

const { greenroom, apiKey, character } = document.body.dataset;

const client = new PipecatClient({
  transport: new WebSocketTransport({
    mediaManager: new WavMediaManager(1024, 16000),
    recorderSampleRate: 16000,
  }),
  enableMic: true,
});

function Talk() {
  const pipecat = usePipecatClient();
  const [lines, setLines] = useState([]);
  const add = useCallback((line) => setLines((before) => [...before, line]), []);
  useRTVIClientEvent(RTVIEvent.UserTranscript, ({ text, final }) => final && add(`You: ${text}`));
  useRTVIClientEvent(
    RTVIEvent.BotOutput,
    ({ text, spoken_status }) => spoken_status === "completed" && add(`Character: ${text}`),
  );
  const start = () =>
    pipecat.startBotAndConnect({
      endpoint: `${greenroom}/api/start`,
      headers: new Headers({ Authorization: `Bearer ${apiKey}` }),
      requestData: { transport: "websocket", body: { character } },
    });
  return (
    <>
      <button id="talk" onClick={start}>Talk</button>
      <div id="transcript">{lines.map((line, i) => <p key={i}>{line}</p>)}</div>
    </>
  );
}

createRoot(document.querySelector("#app")).render(
  <PipecatClientProvider client={client}>
    <Talk />
  </PipecatClientProvider>,
);
