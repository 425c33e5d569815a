// The README's code runs as it stands, and compiles.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { FakeDc } from "./kit/fake.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
// Inside the package, so that it finds the package by its name.
const place = mkdtempSync(join(root, "test", "readme-"));
test.after(() => rmSync(place, { recursive: true, force: true }));

const blocks = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/^```ts( connect)?\n(.*?)^```/gms)].map(
  ([, connect, code], n) => ({ name: `block${n + 1}`, connect: connect !== undefined, code }),
);

/** Runs a program; an assertion of it that does not hold is a line of its output. */
function run(name, code) {
  const file = join(place, `${name}.mjs`);
  writeFileSync(file, code);
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: "utf8" });
  assert.deepEqual([status, stderr], [0, ""]);
  return stdout;
}

test("every block is there", () => {
  assert.equal(blocks.length, 6);
  assert.equal(blocks.filter((block) => block.connect).length, 1);
  assert.throws(() => run("failing", "console.assert(1 === 2)"), /Assertion failed/);
});

for (const { name, code } of blocks.filter((block) => !block.connect)) {
  test(`${name} runs`, () => {
    run(name, code);
  });
}

test("the one that connects runs, on a domain controller of its own", async (t) => {
  const dc = await FakeDc.start(t);
  const { servers, caFile, bindUser, bindPassword } = dc.settings;
  writeFileSync(join(place, "secret"), `${bindPassword}\n`);
  const { code } = blocks.find((block) => block.connect);
  const replaced = [
    ["ldaps://dc1.corp.example", servers[0]],
    ["corp-ca.pem", caFile],
    ["svc-writeback@corp.example", bindUser],
    ["/run/secrets/writeback", join(place, "secret")],
    ["alice@corp.example", dc.user],
    ["{ unlock: true }", '{ unlock: true, history: "if_supported" }'],
  ].reduce((text, [from, to]) => {
    assert.ok(text.includes(from), from);
    return text.replace(from, to);
  }, code);
  const newPassword = "Correct-horse-1";
  const out = run("connect", `const newPassword = Buffer.from("${newPassword}");${replaced}`);
  assert.match(out, /^done on /);
  assert.equal((await dc.seen()).password, newPassword);
});

test("it compiles, strictly", () => {
  for (const { name, code } of blocks) {
    writeFileSync(join(place, `${name}.mts`), `declare const newPassword: string; void newPassword;\n${code}`);
  }
  const options = {
    strict: true,
    noEmit: true,
    module: "NodeNext",
    target: "ES2022",
    lib: ["ES2023", "ESNext.Disposable"],
    types: ["node"],
  };
  const files = blocks.map(({ name }) => `${name}.mts`);
  writeFileSync(join(place, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files }));
  const tsc = join(root, "node_modules", ".bin", "tsc");
  try {
    execFileSync(tsc, ["-p", place], { cwd: root, encoding: "utf8" });
  } catch (error) {
    assert.fail(error.stdout);
  }
});
