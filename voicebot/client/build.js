// Bundles the stage into ../static/voicebot. The result is committed, so running needs no Node;
// a test rebuilds it and compares. Fonts are made by scripts/fonts.py. Usage: node build.js [output folder]

import { build } from "esbuild";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "..", "static", "voicebot");

/**
 * What every bundle shares. Pipecat's default media manager would load code from a CDN, and what it tells the server of
 * the visitor's browser takes a seventh of the whole: stubs stand in.
 */
const shared = {
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  alias: { "@daily-co/daily-js": "./src/daily-stub.ts", bowser: "./src/bowser-stub.ts" },
  logLevel: "warning",
};

await build({ ...shared, entryPoints: ["src/stage.ts"], outfile: join(out, "stage.js") });
await build({ ...shared, entryPoints: ["src/rtvi-client.ts"], outfile: join(out, "rtvi-client.js") });
await build({ ...shared, entryPoints: ["src/voice-worklets.ts"], outfile: join(out, "player-worklet.js") });
await build({ ...shared, entryPoints: ["src/recorder-worklet.ts"], outfile: join(out, "recorder-worklet.js") });
await build({ ...shared, entryPoints: ["src/install.ts"], outfile: join(out, "install.js") });
await build({ ...shared, format: "iife", entryPoints: ["src/service-worker.ts"], outfile: join(out, "service-worker.js") });
await build({ ...shared, format: "iife", entryPoints: ["src/embed.ts"], outfile: join(out, "embed.js") });
