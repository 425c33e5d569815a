// Builds what is missing, or older than its sources, when the package is installed from its sources or packed. A packed package holds
// everything already, and has no such script.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const npm = process.platform === "win32" ? "npm.cmd" : "npm";

// The project that installs this one may do so globally, or without its own development dependencies.
function run(...parameters) {
  const flags = ["--global=false", "--include=dev", "--ignore-scripts"];
  execFileSync(npm, [...parameters, ...flags], { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
}

function newest(directory) {
  return Math.max(...readdirSync(join(root, directory)).map((name) => statSync(join(root, directory, name)).mtimeMs));
}

const native = readdirSync(root).some((name) => name.endsWith(".node"));
const compiled = existsSync(join(root, "dist", "index.mjs")) && newest("dist") >= newest("lib");
if (!native && spawnSync("cargo", ["--version"]).status !== 0) {
  console.error(
    "password-writeback is built from its sources here, and that needs Rust: there is no cargo on the path.",
  );
  process.exit(1);
}
if (!(native && compiled) && !existsSync(join(root, "node_modules", "typescript"))) {
  run("ci");
}
if (!native) {
  run("run", "build:native");
}
if (!compiled) {
  run("run", "build:js");
}
