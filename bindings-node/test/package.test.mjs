// The package as npm packs it, in a clean project, without a network: both kinds of module, and the types of both.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { MockDirectory, WritebackError } from "password-writeback";

const root = fileURLToPath(new URL("..", import.meta.url));
const env = { ...process.env, npm_config_offline: "true", npm_config_audit: "false", npm_config_fund: "false" };
const npm = (cwd, ...parameters) =>
  execFileSync("npm", parameters, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const node = (cwd, file) => execFileSync(process.execPath, [file], { cwd, encoding: "utf8" });

const project = mkdtempSync(join(tmpdir(), "password-writeback-"));
test.after(() => rmSync(project, { recursive: true, force: true }));

const program = `
const directory = new MockDirectory();
directory.addUser({ name: "alice", password: "Old-Passw0rd-1" });
directory.resetPassword("alice", "New-Passw0rd-2").then((receipt) => console.log(receipt.operation));
`;

test("it is packed, and installs", () => {
  const [packed] = JSON.parse(npm(root, "pack", "--json", "--ignore-scripts", "--pack-destination", project));
  const files = packed.files.map((file) => file.path);
  for (const needed of [
    "dist/index.js",
    "dist/index.mjs",
    "dist/index.d.ts",
    "dist/index.d.mts",
    "native.js",
    "README.md",
  ]) {
    assert.ok(files.includes(needed), needed);
  }
  assert.ok(files.some((file) => file.endsWith(".node")));
  assert.deepEqual(
    files.filter((file) => /^(src|lib|test|target|node_modules)\//.test(file)),
    [],
  );
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "clean", private: true }));
  npm(project, "install", join(project, packed.filename));
  assert.deepEqual(
    readdirSync(join(project, "node_modules")).filter((name) => !name.startsWith(".")),
    ["password-writeback"],
  );
});

test("import and require", () => {
  writeFileSync(join(project, "a.mjs"), `import { MockDirectory } from "password-writeback";${program}`);
  writeFileSync(join(project, "b.cjs"), `const { MockDirectory } = require("password-writeback");${program}`);
  assert.equal(node(project, "a.mjs"), "reset_password\n");
  assert.equal(node(project, "b.cjs"), "reset_password\n");
});

/** Compiles files of the clean project. The types stand on their own: neither Node's nor a browser's are there. */
function compile(name, files, lib) {
  const config = {
    compilerOptions: {
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noEmit: true,
      skipLibCheck: false,
      module: "NodeNext",
      target: "ES2022",
      lib,
      types: [],
    },
    files,
  };
  writeFileSync(join(project, `${name}.json`), JSON.stringify(config));
  try {
    execFileSync(join(root, "node_modules", ".bin", "tsc"), ["-p", `${name}.json`], { cwd: project, encoding: "utf8" });
  } catch (error) {
    assert.fail(error.stdout);
  }
}

test("types of both kinds of module, strictly", () => {
  for (const extension of ["mts", "cts"]) {
    for (const name of ["everything", "using"]) {
      copyFileSync(join(root, "test", "types", `${name}.ts`), join(project, `${name}.${extension}`));
    }
  }
  compile(
    "strict",
    ["everything.mts", "everything.cts", "using.mts", "using.cts"],
    ["ES2022", "ESNext.Disposable", "DOM"],
  );
});

test("the types need no library beside the language's", () => {
  writeFileSync(
    join(project, "bare.mts"),
    `import { MockDirectory } from "password-writeback"; export const receipt = new MockDirectory().resetPassword("a", "b");`,
  );
  compile("bare", ["bare.mts"], ["ES2022"]);
});

/** The names that an object of a class answers to. */
function names(object) {
  const found = new Set(Object.getOwnPropertyNames(object));
  for (let at = Object.getPrototypeOf(object); at && at !== Object.prototype && at !== Error.prototype; ) {
    for (const name of Object.getOwnPropertyNames(at)) {
      found.add(name);
    }
    at = Object.getPrototypeOf(at);
  }
  found.delete("constructor");
  return [...found];
}

test("the types are those of the code", async () => {
  const module = await import("password-writeback");
  const mock = new MockDirectory({ policy: { minAge: 3600 } });
  mock.addUser({ name: "alice", password: "Old-Passw0rd-1", passwordAge: 60 });
  mock.addUser({ name: "wb-canary", password: "Old-Passw0rd-1" });
  let event;
  const listening = new MockDirectory({ audit: (told) => (event = told) });
  const failed = await listening.findAccount("alice").catch((error) => error);
  const refused = await mock.resetPassword("alice", "x").catch((error) => error);
  assert.ok(failed instanceof WritebackError);
  const young = refused.violations.find((violation) => violation.retryAt);
  const objects = {
    MockDirectory: mock,
    Identity: module.Identity.sam("alice"),
    WritebackError: refused,
    AuditEvent: event,
    Account: await mock.findAccount("alice"),
    PasswordPolicy: await mock.passwordPolicy("alice"),
    Verdict: await mock.checkPassword("alice", "x"),
    Violation: young,
    Diagnosis: await mock.diagnose("wb-canary", { canary: true }),
    MockAccount: mock.account("alice"),
    Receipt: await mock.unlockAccount("alice"),
  };
  let source = `import * as all from "password-writeback";\n`;
  source += `export const exported: Record<keyof typeof all, true> = ${keys(Object.keys(module))};\n`;
  for (const [name, object] of Object.entries(objects)) {
    const written = keys(names(object).filter((field) => field !== "stack" && field !== "message" && field !== "name"));
    const type =
      name === "WritebackError" ? `Omit<all.${name}, "stack" | "message" | "name" | "cause">` : `all.${name}`;
    source += `export const of${name}: Record<Extract<keyof ${type}, string>, true> = ${written};\n`;
  }
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, "names.mts"), source);
  compile("names", ["names.mts"], ["ES2022", "ESNext.Disposable", "DOM"]);
});

function keys(names) {
  return `{ ${names.map((name) => `${JSON.stringify(name)}: true`).join(", ")} }`;
}
