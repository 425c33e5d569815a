// After a reset with bytes, the directory closed or its connection still open, no copy of the password is left in the process. Looked at from outside.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import test from "node:test";
import { FakeDc } from "./kit/fake.mjs";
import { program } from "./kit/host.mjs";

// The password is made in the child and told through a pipe straight from its bytes: no string of it ever exists there.
const CHILD = `
  import { randomFillSync } from "node:crypto";
  import { writeSync } from "node:fs";
  import { once } from "node:events";
  import { ActiveDirectory, MockDirectory } from "password-writeback";
  const go = async (word) => { process.send(word); await once(process, "message"); };
  const make = () => {
    const bytes = new Uint8Array(24);
    randomFillSync(bytes);
    for (let n = 0; n < bytes.length; n += 1) bytes[n] = 48 + (bytes[n] % 10) + [0, 17, 49][n % 3];
    writeSync(3, bytes);
    return bytes;
  };
  const [settings, user] = await new Promise((resolve) => process.once("message", resolve));
  const which = process.argv[1];
  const bytes = make();
  await go("made");
  const directory = which === "mock" ? new MockDirectory() : new ActiveDirectory(settings);
  if (which === "mock") directory.addUser({ name: user, password: "Old-Passw0rd-1" });
  if (which === "refused") {
    const error = await directory.resetPassword("nobody", bytes).catch((error) => error);
    if (error.code !== "ACCOUNT_NOT_FOUND") throw error;
  } else if (which === "mock") {
    await directory.checkPassword(user, bytes);
  } else {
    await directory.resetPassword(user, bytes, { history: "if_supported" });
  }
  if (which !== "open") await directory.close();
  await go("closed");
  await directory.close();
  process.disconnect();
`;

function scan(pid, password) {
  return JSON.parse(execFileSync(program("memory_scan"), [`${pid}`], { input: `${password}\n`, encoding: "utf8" }));
}

for (const which of ["reset", "open", "refused", "mock"]) {
  test(`no copy is left: ${which}`, {
    skip: process.platform !== "linux" && "memory is searched on Linux only",
  }, async (t) => {
    const dc = await FakeDc.start(t);
    const child = spawn(process.execPath, ["--input-type=module", "--eval", CHILD, which], {
      cwd: new URL(".", import.meta.url),
      stdio: ["ignore", "inherit", "inherit", "pipe", "ipc"],
    });
    t.after(() => child.kill());
    let password = "";
    child.stdio[3].on("data", (chunk) => {
      password += chunk;
    });
    child.send([dc.settings, dc.user]);
    assert.deepEqual((await once(child, "message"))[0], "made");
    assert.equal(password.length, 24);
    assert.ok(scan(child.pid, password).total >= 1, "the search finds what is there");
    child.send("go");
    assert.deepEqual((await once(child, "message"))[0], "closed");
    const left = scan(child.pid, password);
    console.log(`${which}: ${left.found}`);
    assert.equal(left.total, 0, left.found);
    child.send("go");
    await once(child, "exit");
    if (which === "reset" || which === "open") {
      assert.equal((await dc.seen()).password, password);
    }
  });
}
