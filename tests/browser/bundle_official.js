// Bundles Pipecat's official JavaScript client as another project would, for a test that talks with it.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const client = join(here, "..", "..", "voicebot", "client");
const { build } = createRequire(join(client, "package.json"))("esbuild");

await build({
  stdin: {
    resolveDir: client,
    contents: `
      import { PipecatClient } from "@pipecat-ai/client-js";
      import { WavMediaManager, WebSocketTransport } from "@pipecat-ai/websocket-transport";
      window.official = {
        talk: (request) => new Promise((resolve, reject) => {
          const heard = { answer: "" };
          const client = new PipecatClient({
            transport: new WebSocketTransport({ mediaManager: new WavMediaManager(1024, 16000), recorderSampleRate: 16000 }),
            enableMic: true,
            callbacks: {
              onBotReady: (data) => { heard.ready = data.version; },
              onServerMessage: (data) => { if (data.type === "session") heard.session = data; },
              onUserTranscript: (data) => { heard.transcript = data.text; },
              onBotOutput: (data) => {
                heard.answer += data.text;
                if (heard.transcript && heard.answer.includes("scripted reply")) {
                  client.disconnect().then(() => resolve(heard));
                }
              },
              onError: (message) => reject(new Error(JSON.stringify(message))),
            },
          });
          client.startBotAndConnect(request).catch(reject);
        }),
      };`,
  },
  bundle: true,
  format: "esm",
  outfile: process.argv[2],
  alias: { "@daily-co/daily-js": join(client, "src", "daily-stub.ts") },
  logLevel: "warning",
});
