// Cancelling by an AbortSignal: before the request is sent nothing happens, after it the truth is told.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ActiveDirectory, MockDirectory } from "password-writeback";
import { FakeDc } from "./kit/fake.mjs";

const NEW = "New-Passw0rd-2";

function directory(options) {
  const made = new MockDirectory(options);
  made.addUser({ name: "alice", password: "Old-Passw0rd-1" });
  return made;
}

/** Waits until something holds; the test fails where it never does. */
async function until(holds, what) {
  for (let n = 0; !(await holds()); n += 1) {
    assert.ok(n < 6000, `${what} within thirty seconds`);
    await sleep(5);
  }
}

const isAbort = (error) => error instanceof DOMException && error.name === "AbortError";

test("a signal that is aborted already", async () => {
  const events = [];
  const mock = directory({ audit: (event) => events.push(event) });
  const signal = AbortSignal.abort();
  await assert.rejects(mock.resetPassword("alice", NEW, { signal }), isAbort);
  await assert.rejects(mock.findAccount("alice", { signal }), (error) => error === signal.reason);
  const reason = new Error("enough");
  await assert.rejects(mock.findAccount("alice", { signal: AbortSignal.abort(reason) }), (error) => error === reason);
  assert.equal(mock.writes(), 0);
  assert.deepEqual(events, []);
});

test("before the request is sent: AbortError, and nothing is written", async () => {
  const events = [];
  const mock = directory({ audit: (event) => events.push(event) });
  for (const stage of ["open", "find", "read"]) {
    mock.clearFaults();
    mock.failNext({ kind: "hang", stage });
    const controller = new AbortController();
    const promise = mock.resetPassword("alice", NEW, { signal: controller.signal });
    await sleep(20);
    const at = Date.now();
    controller.abort();
    await assert.rejects(promise, isAbort, stage);
    assert.ok(Date.now() - at < 20_000, "not the deadline");
    assert.equal(getEventListeners(controller.signal, "abort").length, 0);
  }
  assert.equal(mock.writes(), 0);
  assert.equal(events.at(-1).code, "CANCELLED");
  assert.equal(events.at(-1).outcome, "not_applied");
});

test("in the same tick", async () => {
  const mock = directory();
  const controller = new AbortController();
  const promise = mock.resetPassword("alice", NEW, { signal: controller.signal });
  controller.abort();
  const outcome = await promise.then(
    () => "applied",
    (error) => isAbort(error) && "aborted",
  );
  assert.equal(mock.verifyPassword("alice", NEW), outcome === "applied");
});

test("after the request is sent: the true outcome", async () => {
  const mock = directory({ grace: 0.05 });
  mock.failNext({ kind: "slow", stage: "write", duration: 1 });
  const controller = new AbortController();
  const promise = mock.resetPassword("alice", NEW, { signal: controller.signal });
  await until(() => mock.pendingFaults() === 0, "it is sent");
  controller.abort();
  assert.equal((await promise).operation, "reset_password");
  assert.ok(mock.verifyPassword("alice", NEW));
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);

  mock.clock.advance(100_000);
  mock.failNext({ kind: "slow", stage: "write", duration: 0.2 });
  mock.failNext({ kind: "gone_after", applied: true });
  const other = new AbortController();
  const lost = mock.resetPassword("alice", `${NEW}3`, { signal: other.signal, deadline: 6 });
  await until(() => mock.pendingFaults() === 0, "it is sent");
  other.abort();
  await assert.rejects(lost, { code: "OUTCOME_UNKNOWN", outcome: "unknown" });
});

test("listeners are taken away, and the application's own is left alone", async () => {
  const mock = directory();
  const controller = new AbortController();
  let called = 0;
  controller.signal.onabort = () => {
    called += 1;
  };
  const before = controller.signal.onabort;
  for (let n = 0; n < 20; n += 1) {
    await mock.findAccount("alice", { signal: controller.signal });
    await mock.findAccount("nobody", { signal: controller.signal }).catch(() => {});
    await mock.findAccount("alice", { signal: controller.signal, unlok: 1 }).catch(() => {});
  }
  assert.equal(controller.signal.onabort, before);
  assert.equal(getEventListeners(controller.signal, "abort").length, 1);
  controller.abort();
  assert.equal(called, 1);
});

test("a timeout is a reason of its own", async () => {
  const mock = directory();
  mock.failNext({ kind: "hang", stage: "find" });
  const signal = AbortSignal.timeout(50);
  await assert.rejects(mock.findAccount("alice", { signal }), (error) => error.name === "TimeoutError");
});

test("one signal for many operations", async () => {
  const mock = directory();
  mock.failAlways({ kind: "hang", stage: "find" });
  const controller = new AbortController();
  const many = Array.from({ length: 50 }, () => mock.findAccount("alice", { signal: controller.signal }));
  await sleep(20);
  controller.abort();
  for (const settled of await Promise.allSettled(many)) {
    assert.ok(isAbort(settled.reason));
  }
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);
});

test("one signal for many operations warns of nothing, and is one listener while they run", async (t) => {
  const warnings = [];
  const seen = (warning) => warnings.push(warning);
  process.on("warning", seen);
  t.after(() => process.off("warning", seen));
  const mock = directory();
  const { signal } = new AbortController();
  const many = Array.from({ length: 100 }, () => mock.findAccount("alice", { signal }));
  assert.equal(getEventListeners(signal, "abort").length, 1);
  await Promise.all(many);
  assert.equal(getEventListeners(signal, "abort").length, 0);
  const { signal: next } = new AbortController();
  await Promise.all([mock.findAccount("alice", { signal: next }), mock.findAccount("alice", { signal })]);
  await sleep(10);
  assert.deepEqual(warnings, []);
});

test("a signal of the application's own that throws hides no outcome", async () => {
  const mock = directory();
  const signal = {
    aborted: false,
    addEventListener() {},
    removeEventListener() {
      throw new Error("seen in the test");
    },
  };
  assert.equal((await mock.resetPassword("alice", NEW, { signal })).operation, "reset_password");
});

test("on the wire: nothing sent before, the truth after", async (t) => {
  const dc = await FakeDc.start(t);
  const directory = new ActiveDirectory({ ...dc.settings, history: "if_supported" });
  t.after(() => directory.close());

  await assert.rejects(directory.resetPassword(dc.user, NEW, { signal: AbortSignal.abort() }), isAbort);
  assert.equal((await dc.seen()).binds, 0);

  await dc.hang("find");
  const early = new AbortController();
  const hanging = directory.resetPassword(dc.user, NEW, { signal: early.signal });
  await sleep(300);
  early.abort();
  await assert.rejects(hanging, isAbort);
  assert.equal((await dc.seen()).password_writes, 0);

  await dc.usual();
  await dc.slow("write", 0.6);
  const late = new AbortController();
  const writing = directory.resetPassword(dc.user, NEW, { signal: late.signal });
  await until(async () => (await dc.seen()).password_writes > 0, "it is sent");
  late.abort();
  const receipt = await writing;
  assert.equal(receipt.verification, "re_read");
  assert.equal((await dc.seen()).password, NEW);
});
