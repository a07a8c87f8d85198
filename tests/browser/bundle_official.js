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
      import { SmallWebRTCTransport, WavMediaManager as CallMedia } from "@pipecat-ai/small-webrtc-transport";
      const transports = {
        websocket: () => new WebSocketTransport({ mediaManager: new WavMediaManager(1024, 16000), recorderSampleRate: 16000 }),
        webrtc: () => {
          const media = new CallMedia();
          media.setUserAudioCallback(() => undefined); // the track is sent, not what is recorded beside it
          return new SmallWebRTCTransport({ mediaManager: media });
        },
      };
      window.official = {
        talk: (request) => new Promise((resolve, reject) => {
          const heard = { answer: "", tracks: 0, peak: 0 };
          const client = new PipecatClient({
            transport: transports[request.requestData.transport](),
            enableMic: true,
            callbacks: {
              onBotReady: (data) => { heard.ready = data.version; },
              onServerMessage: (data) => { if (data.type === "session") heard.session = data; },
              onTrackStarted: (track, participant) => {
                if (participant?.local || track.kind !== "audio") return;
                heard.tracks += 1;
                const sound = new AudioContext();
                const ear = sound.createAnalyser();
                const player = new Audio(); // Chromium decodes a remote track for an element only
                player.srcObject = new MediaStream([track]);
                player.muted = true;
                player.play();
                sound.createMediaStreamSource(player.srcObject).connect(ear);
                const samples = new Float32Array(ear.fftSize);
                setInterval(() => {
                  ear.getFloatTimeDomainData(samples);
                  heard.peak = Math.max(heard.peak, ...samples.map(Math.abs));
                }, 50);
              },
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
