// Builds what is missing when the package is installed from its sources. A packed package holds everything already.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const npm = process.platform === "win32" ? "npm.cmd" : "npm";
const run = (...parameters) => execFileSync(npm, parameters, { cwd: root, stdio: "inherit" });

const compiled = existsSync(join(root, "dist", "index.mjs"));
const native = readdirSync(root).some((name) => name.endsWith(".node"));
if (!compiled || !native) {
  if (!existsSync(join(root, "node_modules", "typescript"))) {
    run("ci", "--ignore-scripts");
  }
  if (!native) {
    run("run", "build:native");
  }
  if (!compiled) {
    run("run", "build:js");
  }
}
