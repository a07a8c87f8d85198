// Bundles an example of the documentation as its reader would: node bundle_example.js EXAMPLE OUT

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const client = join(here, "..", "..", "voicebot", "client");
const { build } = createRequire(join(client, "package.json"))("esbuild");

await build({
  entryPoints: [process.argv[2]],
  bundle: true,
  format: "esm",
  jsx: "automatic",
  outfile: process.argv[3],
  nodePaths: [join(client, "node_modules")],
  alias: { "@daily-co/daily-js": join(client, "src", "daily-stub.ts") },
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
});
