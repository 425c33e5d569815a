// What is built when the package is installed from its sources: what is missing or older than they are, and nothing else.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
/** This platform's addon, as the real build has named it. */
const ADDON = readdirSync(root).find((name) => name.endsWith(".node"));

/** A checkout in which all is up to date: every file is from the hour 1, and what was made of them from the hour 2. */
function checkout(t) {
  const place = mkdtempSync(join(tmpdir(), "password-writeback-"));
  t.after(() => rmSync(place, { recursive: true }));
  const at = (path) => join(place, "bindings-node", path);
  const put = (path, hour, text = "") => {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text);
    utimesSync(at(path), hour * 3600, hour * 3600);
  };
  const sources = [
    "src/lib.rs",
    "build.rs",
    "Cargo.toml",
    "lib/index.ts",
    "tsconfig.json",
    "node_modules/typescript/x",
  ];
  for (const path of [...sources, "../core/src/ad/write.rs", "../core/Cargo.toml", "../Cargo.toml", "../Cargo.lock"]) {
    put(path, 1);
  }
  put(ADDON, 2);
  put("dist/index.mjs", 2);
  // Folders are as old as what is in them.
  for (const [path, hour] of [
    ["src", 1],
    ["lib", 1],
    ["../core/src", 1],
    ["../core/src/ad", 1],
    ["dist", 2],
  ]) {
    utimesSync(at(path), hour * 3600, hour * 3600);
  }
  mkdirSync(at("scripts"));
  copyFileSync(join(root, "scripts", "prepare.mjs"), at("scripts/prepare.mjs"));
  mkdirSync(at("bin"));
  const program = (name, text) => writeFileSync(at(`bin/${name}`), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  program("npm", `echo "$1 $2" >> "${at("asked")}"`);
  program("cargo", "exit 0");
  /** What npm is asked for. */
  const prepared = () => {
    writeFileSync(at("asked"), "");
    const { status, stderr } = spawnSync(process.execPath, [at("scripts/prepare.mjs")], {
      env: { ...process.env, PATH: at("bin") },
      encoding: "utf8",
    });
    const asked = readFileSync(at("asked"), "utf8").trim();
    return status === 0 ? asked : stderr;
  };
  return { at, put, program, prepared };
}

const skip = process.platform === "win32" && "the stand-ins for npm and cargo are shell scripts";
const NATIVE = "run build:native";

test("what is up to date is left alone", { skip }, (t) => {
  assert.equal(checkout(t).prepared(), "");
});

test("an addon that is older than its sources is built anew", { skip }, (t) => {
  const { put, prepared } = checkout(t);
  for (const path of ["src/lib.rs", "build.rs", "Cargo.toml", "../core/src/ad/write.rs", "../Cargo.lock"]) {
    put(path, 3);
    assert.match(prepared(), new RegExp(`^${NATIVE}`), path);
    put(path, 1);
  }
});

test("a source that was taken away counts too", { skip }, (t) => {
  const { at, put, prepared } = checkout(t);
  put("src/gone.rs", 1);
  utimesSync(at("src"), 3600, 3600);
  assert.equal(prepared(), "");
  rmSync(at("src/gone.rs"));
  assert.match(prepared(), new RegExp(`^${NATIVE}`));
});

test("another platform's addon is none", { skip }, (t) => {
  const { at, put, prepared } = checkout(t);
  rmSync(at(ADDON));
  put("password-writeback.plan9-vax.node", 2);
  assert.match(prepared(), new RegExp(`^${NATIVE}`));
});

test("JavaScript that is older than its sources is made anew, and nothing else", { skip }, (t) => {
  const { put, prepared } = checkout(t);
  for (const path of ["lib/index.ts", "tsconfig.json"]) {
    put(path, 3);
    assert.equal(prepared(), "run build:js", path);
    put(path, 1);
  }
});

test("without Rust it says so, where Rust is needed", { skip }, (t) => {
  const { put, program, prepared } = checkout(t);
  program("cargo", "exit 1");
  assert.equal(prepared(), "");
  put("src/lib.rs", 3);
  assert.match(prepared(), /needs Rust/);
});
