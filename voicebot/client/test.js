// Bundles and runs the tests: node test.js [names]. Node below 22 reads no TypeScript, so esbuild turns it into
// what all of them read.

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "node_modules", ".test");
const wanted = process.argv.slice(2);
const names = readdirSync(join(here, "test"))
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => name.replace(/\.ts$/, ""))
  .filter((name) => !wanted.length || wanted.some((part) => name.includes(part)));

await build({
  absWorkingDir: here,
  entryPoints: names.map((name) => `test/${name}.ts`),
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "es2022",
  sourcemap: "inline",
  alias: { "@daily-co/daily-js": "./src/daily-stub.ts" },
  logLevel: "warning",
});
const files = names.map((name) => join(out, `${name}.mjs`));
process.exit(spawnSync(process.execPath, ["--enable-source-maps", "--test", ...files], { stdio: "inherit" }).status ?? 1);
