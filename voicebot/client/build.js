// Bundles the stage into ../static/voicebot. The result is committed, so running needs no Node;
// a test rebuilds it and compares. Usage: node build.js [output folder]

import { build } from "esbuild";
import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "..", "static", "voicebot");

/** What every bundle shares. The default media manager would load code from a CDN: a stub stands in. */
const shared = {
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  alias: { "@daily-co/daily-js": "./src/daily-stub.ts" },
  logLevel: "warning",
};

await build({ ...shared, entryPoints: ["src/stage.ts"], outfile: join(out, "stage.js") });
await build({ ...shared, entryPoints: ["src/player-worklet.ts"], outfile: join(out, "player-worklet.js") });
await build({ ...shared, entryPoints: ["src/recorder-worklet.ts"], outfile: join(out, "recorder-worklet.js") });
await build({ ...shared, format: "iife", entryPoints: ["src/embed.ts"], outfile: join(out, "embed.js") });

await mkdir(join(out, "fonts"), { recursive: true });
for (const [name, file] of [
  ["fraunces", "fraunces-latin-standard-normal.woff2"],
  ["inter", "inter-latin-wght-normal.woff2"],
]) {
  const source = join(here, "node_modules", "@fontsource-variable", name);
  await copyFile(join(source, "files", file), join(out, "fonts", `${name}.woff2`));
  await copyFile(join(source, "LICENSE"), join(out, "fonts", `${name}-OFL.txt`));
}
