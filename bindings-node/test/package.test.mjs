// The package as npm packs it, in a clean project, without a network: both kinds of module, and the types of both.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { MockDirectory, WritebackError } from "password-writeback";

const root = fileURLToPath(new URL("..", import.meta.url));
const env = { ...process.env, npm_config_offline: "true", npm_config_audit: "false", npm_config_fund: "false" };
const npm = (cwd, ...parameters) =>
  execFileSync("npm", parameters, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const node = (cwd, file) => execFileSync(process.execPath, [file], { cwd, encoding: "utf8", stdio: "pipe" });

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

test("both in one program, in workers and in a child process", () => {
  writeFileSync(
    join(project, "everywhere.mjs"),
    `import { fork } from "node:child_process";
    import { once } from "node:events";
    import { createRequire } from "node:module";
    import { isMainThread, parentPort, Worker } from "node:worker_threads";
    import { MockDirectory, WritebackError } from "password-writeback";
    const required = createRequire(import.meta.url)("password-writeback");
    const directory = new required.MockDirectory();
    const error = await directory.findAccount("nobody").catch((error) => error);
    const told = [error instanceof WritebackError, error instanceof required.WritebackError, directory instanceof MockDirectory];
    if (!isMainThread) {
      parentPort.postMessage([told, error.toJSON()]);
    } else if (process.send) {
      process.send([told, error]);
      process.disconnect();
    } else {
      const file = new URL(import.meta.url);
      const [[fromWorker, sent]] = await once(new Worker(file), "message");
      const [[fromChild, text]] = await once(fork(file.pathname), "message");
      console.log(told.join(), fromWorker.join(), fromChild.join());
      console.log(new WritebackError(sent).code, WritebackError.fromJSON(JSON.stringify(text)).code);
    }`,
  );
  const all = "true,true,true";
  const code = "ACCOUNT_NOT_FOUND";
  assert.equal(node(project, "everywhere.mjs"), `${all} ${all} ${all}\n${code} ${code}\n`);
});

test("installed from its folder", () => {
  const folder = mkdtempSync(join(project, "folder-"));
  for (const links of ["false", "true"]) {
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "clean", private: true }));
    npm(folder, "install", root, `--install-links=${links}`);
    copyFileSync(join(project, "b.cjs"), join(folder, "b.cjs"));
    assert.equal(node(folder, "b.cjs"), "reset_password\n");
    rmSync(join(folder, "node_modules"), { recursive: true });
  }
});

test("as it is released: each platform's addon in a package of its own", () => {
  const release = mkdtempSync(join(project, "release-"));
  for (const part of ["package.json", "dist", "native.js", "native.d.ts", "README.md", "scripts"]) {
    cpSync(join(root, part), join(release, part), { recursive: true });
  }
  const napi = (...parameters) =>
    execFileSync(join(root, "node_modules", ".bin", "napi"), parameters, { cwd: release, stdio: "pipe" });
  napi("create-npm-dirs");
  const platforms = readdirSync(join(release, "npm"));
  assert.equal(platforms.length, JSON.parse(readFileSync(join(root, "package.json"))).napi.targets.length);

  // Only this machine's addon is at hand; the others are stood in for.
  const addon = readdirSync(root).find((name) => name.endsWith(".node"));
  const here = addon.split(".")[1];
  mkdirSync(join(release, "artifacts"));
  for (const platform of platforms) {
    const name = `password-writeback.${platform}.node`;
    if (platform === here) {
      copyFileSync(join(root, addon), join(release, "artifacts", name));
    } else {
      writeFileSync(join(release, "artifacts", name), "another platform's addon");
    }
  }
  napi("artifacts");
  const check = () => execFileSync(process.execPath, ["scripts/check-release.mjs"], { cwd: release, stdio: "pipe" });
  assert.throws(check, /platform packages/);
  for (const name of readdirSync(release).filter((name) => name.endsWith(".node"))) {
    rmSync(join(release, name));
  }
  check();
  napi("prepublish", "-t", "npm", "--no-gh-release", "--skip-optional-publish");

  const { version, optionalDependencies } = JSON.parse(readFileSync(join(release, "package.json")));
  const expected = platforms.map((platform) => [`password-writeback-${platform}`, version]);
  assert.deepEqual(optionalDependencies, Object.fromEntries(expected));
  const pack = (folder) => {
    const [packed] = JSON.parse(npm(folder, "pack", "--json", "--ignore-scripts", "--pack-destination", release));
    return { path: join(release, packed.filename), files: packed.files.map((file) => file.path) };
  };
  const main = pack(release);
  assert.ok(!main.files.some((file) => file.endsWith(".node")));
  const platform = pack(join(release, "npm", here));
  assert.deepEqual(platform.files.sort(), ["README.md", "package.json", addon].sort());

  const clean = mkdtempSync(join(project, "released-"));
  writeFileSync(join(clean, "package.json"), JSON.stringify({ name: "clean", private: true }));
  npm(clean, "install", main.path, platform.path);
  copyFileSync(join(project, "a.mjs"), join(clean, "a.mjs"));
  assert.equal(node(clean, "a.mjs"), "reset_password\n");
  rmSync(join(clean, "node_modules", `password-writeback-${here}`), { recursive: true });
  assert.throws(() => node(clean, "a.mjs"), /native binding/);
});

/** Compiles files of the clean project. The types stand on their own: neither Node's nor a browser's are there. */
function compile(name, files, more = {}) {
  const config = {
    compilerOptions: {
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noPropertyAccessFromIndexSignature: true,
      noImplicitOverride: true,
      noEmit: true,
      skipLibCheck: false,
      module: "NodeNext",
      target: "ES2022",
      lib: ["ES2022", "ESNext.Disposable", "DOM"],
      types: [],
      ...more,
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

test("types of both kinds of module, strictly, however modules are found", () => {
  for (const extension of ["mts", "cts", "ts"]) {
    for (const name of ["everything", "using"]) {
      copyFileSync(join(root, "test", "types", `${name}.ts`), join(project, `${name}.${extension}`));
    }
  }
  const files = ["everything.mts", "everything.cts", "using.mts", "using.cts"];
  compile("nodenext", files);
  compile("node16", files, { module: "Node16" });
  compile("bundler", ["everything.ts", "using.ts"], { module: "ESNext", moduleResolution: "Bundler" });
});

test("await using, compiled and run", { skip: Symbol.asyncDispose === undefined }, () => {
  compile("using", ["using.mts"], { noEmit: false, outDir: "out" });
  writeFileSync(
    join(project, "run.mjs"),
    `import { scope } from "./out/using.mjs";
    const directory = await scope();
    console.log(await directory.diagnose().catch((error) => error.message));`,
  );
  assert.equal(node(project, "run.mjs"), "the directory is closed\n");
});

test("every public name is documented, and nothing is of any type", () => {
  const dist = join(root, "dist");
  const undocumented = [];
  for (const file of readdirSync(dist).filter((name) => name.endsWith(".d.ts"))) {
    const lines = readFileSync(join(dist, file), "utf8").split("\n");
    assert.deepEqual(
      lines.filter((line) => /\bany\b/.test(line.replace(/\/?\*.*/, ""))),
      [],
      file,
    );
    let members = false;
    lines.forEach((line, n) => {
      members = /^export (declare )?(abstract )?(interface|class)/.test(line) || (members && !line.startsWith("}"));
      const exported = /^export (declare |type |interface )/.test(line) && !/^export (declare )?type [{*]/.test(line);
      const member = members && /^ {4}[a-zA-Z[]/.test(line) && !/^ {4}private /.test(line);
      if ((exported || member) && !/\*\/$/.test(lines[n - 1] ?? "")) {
        undocumented.push(`${file}: ${line.trim()}`);
      }
    });
  }
  assert.deepEqual(undocumented, []);
});

test("the words of the types are the words of the core", () => {
  const native = createRequire(import.meta.url)("../native.js");
  let source = `import type * as all from "password-writeback";\n`;
  // Those that have no name of their own here.
  const places = {
    BindAnswer: "all.BindAnswer",
    GroupScope: `NonNullable<all.MockGroup["scope"]>`,
    MockUserKind: `NonNullable<all.MockUser["kind"]>`,
    OnSinkFailure: `NonNullable<all.LayerOptions["onSinkFailure"]>`,
    Phase: `all.AuditEvent["phase"]`,
    PolicyHintsSupport: `NonNullable<all.MockDirectoryOptions["policyHints"]>`,
    Refusals: `NonNullable<all.MockDirectoryOptions["refusals"]>`,
  };
  const tables = Object.entries(JSON.parse(native.words()));
  assert.ok(tables.length > 20);
  for (const [name, words] of tables) {
    source += `export const of${name}: Record<${places[name] ?? `all.${name}`}, true> = ${keys(words)};\n`;
  }
  writeFileSync(join(project, "words.mts"), source);
  compile("words", ["words.mts"]);
});

test("the types need no library beside the language's", () => {
  writeFileSync(
    join(project, "bare.mts"),
    `import { MockDirectory } from "password-writeback"; export const receipt = new MockDirectory().resetPassword("a", "b");`,
  );
  compile("bare", ["bare.mts"], { lib: ["ES2022"] });
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
  const many = {};
  for await (const done of mock.resetMany([
    { identity: "wb-canary", newPassword: "New-Passw0rd-2" },
    { identity: "nobody", newPassword: "New-Passw0rd-2" },
  ])) {
    Object.assign(many, done);
  }
  const objects = {
    MockDirectory: mock,
    Identity: module.Identity.sam("alice"),
    WritebackError: refused,
    AuditEvent: event,
    Account: await mock.findAccount("alice"),
    PasswordPolicy: await mock.passwordPolicy("alice"),
    Verdict: await mock.checkPassword("alice", "x"),
    Violation: young,
    ResetResult: many,
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
  compile("names", ["names.mts"]);
});

function keys(names) {
  return `{ ${names.map((name) => `${JSON.stringify(name)}: true`).join(", ")} }`;
}
