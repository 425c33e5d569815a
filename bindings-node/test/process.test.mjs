// How the package lives in a process: its end, its workers, its memory.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";

const here = new URL(".", import.meta.url);

/** A program that imports the package: its exit code and its output. */
async function program(source, ...flags) {
  const child = spawn(process.execPath, [...flags, "--input-type=module", "--eval", source], {
    cwd: here,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  let err = "";
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const [code, signal] = await once(child, "close");
  return { code, signal, out, err };
}

const start = `
  import { ActiveDirectory, MockDirectory } from "password-writeback";
  const mock = new MockDirectory({ audit: (event) => { globalThis.last = event; } });
  mock.addUser({ name: "alice", password: "Old-Passw0rd-1" });
`;

test("a process ends when the work is done, without a close", async () => {
  const { code, out } = await program(`${start}
    new ActiveDirectory({ servers: ["ldaps://127.0.0.1:1"], bindUser: "svc", bindPassword: () => "x", audit() {} });
    const receipt = await mock.resetPassword("alice", "New-Passw0rd-2");
    console.log(receipt.operation, last.phase);
    const done = Date.now();
    // Before a deadline would end it.
    process.on("exit", () => console.log(Date.now() - done < 20_000));
  `);
  assert.deepEqual([code, out], [0, "reset_password finish\ntrue\n"]);
});

test("work under way keeps a process alive", async () => {
  const { code, out } = await program(`${start}
    mock.failNext({ kind: "slow", stage: "write", duration: 0.5 });
    mock.resetPassword("alice", "New-Passw0rd-2").then(() => console.log("done", last.outcome));
  `);
  assert.deepEqual([code, out], [0, "done applied\n"]);
});

test("a rejection that nobody handles is one, with the place", async () => {
  const { code, err } = await program(`${start}
    function portal() { return mock.resetPassword("nobody", "New-Passw0rd-2"); }
    portal();
  `);
  assert.equal(code, 1);
  assert.match(err, /WritebackError: .*\n +at portal/);
  assert.doesNotMatch(err, /New-Passw0rd-2"?\s*}/);
});

test("a process ends when the last of many resets has ended, and not before", async () => {
  const { code, out, err } = await program(`${start}
    for (const name of ["bob", "carol"]) mock.addUser({ name, password: "Old-Passw0rd-1" });
    const requests = ["alice", "nobody", "bob", "carol"].map((identity) => ({ identity, newPassword: "New-Passw0rd-2" }));
    mock.failTimes(2, { kind: "slow", stage: "write", duration: 0.3 });
    const signal = AbortSignal.timeout(600_000);
    for await (const done of mock.resetMany(requests, { signal })) console.log(done.index, done.error?.code);
    // One that is left alone is carried through, and holds nothing up.
    const [again] = requests;
    mock.failNext({ kind: "slow", stage: "find", duration: 0.3 });
    mock.resetMany([{ ...again, newPassword: "New-Passw0rd-3", history: "off" }, again], { signal }).next();
    process.on("exit", () => console.log(mock.verifyPassword("alice", "New-Passw0rd-3")));
  `);
  assert.deepEqual([code, err], [0, ""]);
  assert.deepEqual(out.trim().split("\n").sort(), [
    "0 undefined",
    "1 ACCOUNT_NOT_FOUND",
    "2 undefined",
    "3 undefined",
    "true",
  ]);
});

test("a failure of many resets that nobody handles is one, with the place", async () => {
  const { code, err } = await program(`${start}
    async function portal() {
      for await (const done of mock.resetMany([{ identity: "alice" }]));
    }
    portal();
  `);
  assert.equal(code, 1);
  assert.match(err, /TypeError: request 0: newPassword .*\n +at portal/);
});

test("an exit in the middle of an operation", async () => {
  const { code, signal } = await program(`${start}
    mock.failAlways({ kind: "hang", stage: "find" });
    mock.findAccount("alice");
    setTimeout(() => process.exit(7), 50);
  `);
  assert.deepEqual([code, signal], [7, null]);
});

const work = `
  const { parentPort } = require("node:worker_threads");
  const { MockDirectory } = require("password-writeback");
  const events = [];
  const mock = new MockDirectory({ audit: (event) => events.push(event) });
  mock.addUser({ name: "alice", password: "Old-Passw0rd-1" });
`;

// Evaluated code resolves packages from the working directory.
const worker = (source) => new Worker(source, { eval: true });

test("several workers at once", async () => {
  const answers = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const one = worker(`${work}
        (async () => {
          for (let n = 0; n < 50; n += 1) await mock.findAccount("alice");
          const requests = ["alice", "nobody"].map((identity) => ({ identity, newPassword: Buffer.from("New-Passw0rd-2") }));
          const given = [];
          for await (const done of mock.resetMany(requests)) given.push(done.receipt?.operation ?? done.error.code);
          parentPort.postMessage([...given, events.length]);
        })();
      `);
      // Both from the start: the last message and the exit can come in one turn.
      const [[message], [code]] = await Promise.all([once(one, "message"), once(one, "exit")]);
      return [...message, code];
    }),
  );
  for (const answer of answers) {
    assert.deepEqual(answer, ["reset_password", "ACCOUNT_NOT_FOUND", 104, 0]);
  }
});

test("workers that are terminated in the middle of operations", async () => {
  for (const fault of [
    '"hang", stage: "find"',
    '"slow", stage: "write", duration: 0.05',
    '"slow", stage: "open", duration: 0.02',
  ]) {
    for (let round = 0; round < 8; round += 1) {
      const one = worker(`${work}
        mock.failAlways({ kind: ${fault} });
        setInterval(() => {
          const many = mock.resetMany(Array(10).fill({ identity: "alice", newPassword: "New-Passw0rd-2" }));
          many.next().then(() => many.return());
          for (let n = 0; n < 10; n += 1) mock.resetPassword("alice", "New-Passw0rd-2", { signal: new AbortController().signal }).catch(() => {});
        }, 1);
        setTimeout(() => parentPort.postMessage("busy"), 10);
      `);
      await once(one, "message");
      await sleep(round * 3);
      await one.terminate();
    }
  }
  // What the workers left behind has ended by now, and this thread still works.
  await sleep(300);
  const { MockDirectory } = await import("password-writeback");
  const mock = new MockDirectory();
  mock.addUser({ name: "alice", password: "Old-Passw0rd-1" });
  assert.equal((await mock.findAccount("alice")).samAccountName, "alice");
});

test("workers that are terminated while the bind password or the listener is awaited", async () => {
  for (let round = 0; round < 6; round += 1) {
    const one = worker(`${work}
      const { ActiveDirectory } = require("password-writeback");
      const settings = { servers: ["ldaps://127.0.0.1:1"], bindUser: "svc", bindPassword: () => new Promise(() => {}), audit() {} };
      const directory = new ActiveDirectory(settings);
      setInterval(() => directory.findAccount("alice").catch(() => {}), 1);
      setInterval(() => mock.findAccount("alice"), 1);
      setTimeout(() => parentPort.postMessage("busy"), 20);
    `);
    await once(one, "message");
    await one.terminate();
  }
});

test("a process whose workers are terminated ends well", async () => {
  const { code, signal, err } = await program(`
    import { Worker } from "node:worker_threads";
    import { once } from "node:events";
    const source = ${JSON.stringify(`${work}
      mock.failAlways({ kind: "slow", stage: "find", duration: 0.05 });
      setInterval(() => mock.findAccount("alice"), 1);
      setTimeout(() => parentPort.postMessage("busy"), 20);
    `)};
    for (let n = 0; n < 5; n += 1) {
      const worker = new Worker(source, { eval: true, execArgv: [] });
      await once(worker, "message");
      await worker.terminate();
    }
  `);
  assert.deepEqual([code, signal, err], [0, null, ""]);
});

test("thousands of calls and hundreds of directories leave nothing behind", async () => {
  const { code, out, err } = await program(
    `${start}
    const signal = new AbortController().signal;
    const round = async () => {
      for (let n = 0; n < 1500; n += 1) {
        await mock.checkPassword("alice", Buffer.from("New-Passw0rd-2"), { signal });
        if (n % 10 === 0) {
          await mock.findAccount("nobody").catch(() => {});
          const request = { identity: "nobody", newPassword: "New-Passw0rd-2" };
          for await (const done of mock.resetMany(Array(4).fill(request), { signal })) if (done.index === 2) break;
          const one = new MockDirectory({ audit() {} });
          one.addUser({ name: "bob", password: "Old-Passw0rd-1" });
          await one.findAccount("bob");
          if (n % 20 === 0) await one.close();
        }
      }
      for (let n = 0; n < 5; n += 1) { gc(); await new Promise((r) => setTimeout(r, 20)); }
      return process.memoryUsage();
    };
    await round();
    const before = await round();
    await round();
    await round();
    const after = await round();
    console.log(Math.round((after.rss - before.rss) / 1024), Math.round((after.heapUsed - before.heapUsed) / 1024));
  `,
    "--expose-gc",
  );
  assert.equal(code, 0, err);
  const [resident, heap] = out.trim().split(" ").map(Number);
  console.log(`4500 calls, 450 directories: ${resident} KiB resident, ${heap} KiB heap more`);
  assert.ok(heap < 1024, `${heap} KiB of heap`);
  assert.ok(resident < 12_288, `${resident} KiB resident`);
});
