// Bundles and runs the tests: node test.js [names]. Node below 22 reads no TypeScript, so esbuild turns it into
// what all of them read.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = mkdtempSync(join(here, "node_modules", ".test-")); // of this run alone: others may run beside it
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
// A test that fails may leave a timer behind, which would keep its process for good.
const run = ["--enable-source-maps", "--test", "--test-timeout=120000", ...files];
const { status } = spawnSync(process.execPath, run, { stdio: "inherit" });
rmSync(out, { recursive: true });
process.exit(status ?? 1);
