// Builds what is missing, or older than its sources, when the package is installed from its sources or packed. A packed package holds
// everything already, and has no such script. An addon that is up to date is kept as it is, a debug build too: whoever made one wants it.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const npm = process.platform === "win32" ? "npm.cmd" : "npm";

/** What the addon is made from: this crate, and the core with what the workspace settles for both. */
const CRATES = ["src", "build.rs", "Cargo.toml", "../core/src", "../core/Cargo.toml", "../Cargo.toml", "../Cargo.lock"];

/** What the JavaScript is made from. */
const SCRIPTS = ["lib", "tsconfig.json"];

// The project that installs this one may do so globally, or without its own development dependencies.
function run(...parameters) {
  const flags = ["--global=false", "--include=dev", "--ignore-scripts"];
  execFileSync(npm, [...parameters, ...flags], { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
}

/** The file that native.js looks for on this platform. Another platform's may lie beside it. */
function addon() {
  const { platform, arch } = process;
  const abi = { linux: musl() ? "-musl" : "-gnu", win32: "-msvc" }[platform] ?? "";
  return `password-writeback.${platform}-${arch}${abi}.node`;
}

function musl() {
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime === undefined;
}

/** When something was last written, a folder with all that is in it, or was; 0 where it is not there. */
function written(path) {
  if (!existsSync(path)) {
    return 0;
  }
  const found = statSync(path);
  const within = found.isDirectory() ? readdirSync(path).map((name) => written(join(path, name))) : [];
  return Math.max(found.mtimeMs, ...within);
}

function current(made, sources) {
  return written(join(root, made)) >= Math.max(...sources.map((source) => written(join(root, source))));
}

const native = current(addon(), CRATES);
const compiled = existsSync(join(root, "dist", "index.mjs")) && current("dist", SCRIPTS);
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
